"""The resource server: an Authorization header into the token it holds (RFC 6750, RFC 9449 §7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from felles.access.session import Session, expired
from felles.access.smart.dpop import NonceWanted, Proofs
from felles.access.smart.refusal import unauthorized
from felles.access.smart.signature import MAX_LENGTH, Unsound
from felles.access.smart.token import Mint, Token
from felles.access.table import Tables
from felles.access.trust import Trust

CACHED = 4_096


@dataclass(frozen=True, slots=True)
class Admitted:
    """A token that holds now, and the session in which a person gave it (None for programs and offline access)."""

    token: Token
    session: Session | None


class ResourceServer:
    """Verifies what requests carry. Signatures are verified once per token and process, all else each time."""

    def __init__(self, tables: Tables, mint: Mint, proofs: Proofs) -> None:
        self._tables = tables
        self._mint = mint
        self._proofs = proofs
        self._known: dict[str, Token] = {}
        self._grants: Trust[tuple[Any, ...]] = Trust()

    async def verify(self, headers: Mapping[str, str], method: str, url: str, now: float) -> Admitted:
        """Who is admitted. `headers` in lower case; `url` is the request's address by our own base.

        Raises Problem 401, whose WWW-Authenticate says how to come again and nothing of what was wrong.
        """
        scheme, _, text = headers.get("authorization", "").partition(" ")
        dpop = scheme.lower() == "dpop"
        if not dpop and scheme.lower() != "bearer":
            raise unauthorized("Bearer")
        kind = "DPoP" if dpop else "Bearer"
        try:
            token = self._read(text.strip(), now)
            if dpop != bool(token.jkt):
                raise Unsound("a bound token is shown with its proof, and no other is")
            if dpop:
                self._proved(token, text.strip(), headers.get("dpop", ""), method, url, now)
            return await self._alive(token, now)
        except NonceWanted as wanted:
            raise unauthorized("DPoP", "use_dpop_nonce", wanted.nonce) from None
        except Unsound:
            raise unauthorized(kind, "invalid_token") from None

    def nonce(self, now: float) -> str:
        """For the `DPoP-Nonce` header of answers (RFC 9449 §8.2)."""
        return self._proofs.nonces.current(now)

    def _read(self, text: str, now: float) -> Token:
        if len(text) > MAX_LENGTH:
            raise Unsound("length")
        token = self._known.get(text)
        if token is None:
            token = self._mint.read(text, now)
            if len(self._known) >= CACHED:
                self._known.clear()
            self._known[text] = token
        elif not now < token.expires:
            del self._known[text]
            raise Unsound("expired")
        return token

    def _proved(self, token: Token, text: str, proof: str, method: str, url: str, now: float) -> None:
        if self._proofs.verify(proof, method, url, now, text) != token.jkt:
            raise Unsound("the proof is by another key")

    async def _alive(self, token: Token, now: float) -> Admitted:
        """Sign-out, revocation and the removal of an app hold at once on this machine, within a second on others; what
        `felles token` makes ends by itself."""
        if not token.grant:
            return Admitted(token, None)
        row = await self._grants.of(self._tables, token.grant, partial(self._ask, token.grant))
        if row is None:
            raise Unsound("ended")
        session = Session(*row[1:]) if row[1] is not None else None
        if row[0] and (session is None or expired(session, now)):
            raise Unsound("the session has ended")
        return Admitted(token, session)

    async def _ask(self, grant: str) -> tuple[Any, ...] | None:
        rows = await self._tables.ask("app grant alive", [grant])
        return rows[0] if rows else None
