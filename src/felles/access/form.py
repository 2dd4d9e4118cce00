"""Form tokens: a form is taken only from a page we gave to the same browser (OWASP ASVS 5, V3.5)."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from felles.access.session import same


def form_token(holder: str) -> str:
    """The hidden field of every form: what only who knows the `holder` (the session's or visitor's cookie) can make.

    It is derived from the cookie and from nothing of this process, so that any host may take the form.
    """
    made = hmac.new(holder.encode("utf-8", "surrogatepass"), b"felles form", hashlib.sha256).digest()
    return urlsafe_b64encode(made).decode().rstrip("=")


def token_holds(holder: str, token: str) -> bool:
    """Whether `token` was given to this browser."""
    return bool(holder) and same(form_token(holder), token)
