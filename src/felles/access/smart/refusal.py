"""What an app is told when it is refused: codes of OAuth 2.0 and its extensions, never more than it needs to mend."""

from dataclasses import dataclass, field

from felles.record.outcome import Issue, Problem


@dataclass(slots=True)
class Refusal(Exception):
    """An OAuth error (RFC 6749 §5.2): its code, a sentence for the app's maker, and headers of the answer."""

    code: str
    text: str
    status: int = 400
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def unknown_client() -> Refusal:
    """RFC 6749 §5.2: the same words for an app that does not exist and for a wrong secret, key or assertion."""
    return Refusal("invalid_client", "the app is not known, or has not shown who it is", 401)


def invalid_grant() -> Refusal:
    """RFC 6749 §5.2: the same words for what never was, was used, has ended or belongs to another app."""
    return Refusal("invalid_grant", "this code or refresh token does not hold, or no longer")


def unauthorized(scheme: str, code: str = "", nonce: str = "") -> Problem:
    """401 of the resource server (RFC 6750 §3, RFC 9449 §7.1). Nothing in it tells why a token does not hold."""
    offered = f'{scheme} realm="felles"' + (f', error="{code}"' if code else "")
    if scheme == "DPoP":
        offered += ', algs="ES256"'
    headers = {"WWW-Authenticate": offered} | ({"DPoP-Nonce": nonce} if nonce else {})
    text = "send a nonce of this server in the DPoP proof" if code == "use_dpop_nonce" else "no access token that holds"
    return Problem(401, (Issue("login", text),), headers)
