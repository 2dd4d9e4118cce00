"""Form tokens: a form is taken only from a page we gave to the same session (OWASP ASVS 5, V3.5)."""

import hmac

from felles.access.session import signature


def form_token(secret: bytes, session_id: str) -> str:
    """The hidden field of every form in this session."""
    return signature(secret, "form", session_id)


def token_holds(secret: bytes, session_id: str, token: str) -> bool:
    """Whether `token` was given to this session."""
    return hmac.compare_digest(form_token(secret, session_id).encode(), token.encode())
