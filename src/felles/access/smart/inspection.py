"""Ending tokens and asking about them (RFC 7009, RFC 7662). Both are for apps that have shown who they are."""

from typing import Any

from felles.access.smart import grant as grants
from felles.access.smart.app import App
from felles.access.smart.refusal import Refusal
from felles.access.smart.signature import Unsound
from felles.access.smart.token import Mint, Token
from felles.access.table import Tables


async def revoke(tables: Tables, mint: Mint, app: App, text: str, now: float) -> None:
    """Ends the grant that an access or refresh token lives by, if it is the app's; quiet about all else."""
    token = _read(mint, text, now)
    grant = await grants.find(tables, token.grant) if token else await grants.of_refresh(tables, text, now)
    if grant is not None and grant.app == app.id:
        await grants.end(tables, grant.id, now)


async def introspect(tables: Tables, mint: Mint, app: App, text: str, now: float) -> dict[str, Any]:
    """What an access token says, while it holds. An app learns of its own tokens only, unless it `inspects`."""
    if app.public:
        raise Refusal("invalid_client", "only an app that shows who it is may ask about tokens", 401)
    token = _read(mint, text, now)
    grant = await grants.find(tables, token.grant) if token else None
    if token is None or grant is None or not (app.inspects or grant.app == app.id):
        return {"active": False}
    if not await grants.lives(tables, grant, now):
        return {"active": False}
    return {"active": True, **_said(mint, token)}


def _said(mint: Mint, token: Token) -> dict[str, Any]:
    """RFC 7662 §2.2 with the SMART members (token-introspection.html)."""
    said: dict[str, Any] = {
        "iss": mint.issuer,
        "aud": mint.base,
        "sub": token.subject,
        "client_id": token.app,
        "scope": str(token.scopes),
        "exp": token.expires,
        "jti": token.id,
        "token_type": "DPoP" if token.jkt else "Bearer",
    }
    more = {"patient": token.patient, "encounter": token.encounter}
    said |= {name: value for name, value in more.items() if value}
    if "fhirUser" in token.scopes.words:
        said["fhirUser"] = f"{mint.base}/{token.subject}"
    return said | ({"cnf": {"jkt": token.jkt}} if token.jkt else {})


def _read(mint: Mint, text: str, now: float) -> Token | None:
    try:
        return mint.read(text, now)
    except Unsound:
        return None
