"""Proof of possession (RFC 9449): the caller shows with each request that it holds the key that its token is bound to.

A proof counts once, for one method, address and token, a few seconds long, and only with a nonce of ours.
"""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from joserfc.jwk import ECKey

from felles.access.smart import signature
from felles.access.smart.replay import Replay
from felles.access.smart.signature import PublicKey, Unsound

ALGORITHMS = ("ES256",)
LATE_SECONDS, EARLY_SECONDS = 60, 5
"""How old a proof may be, and how far the caller's clock may be ahead of ours."""
NONCE_SECONDS = 300


@dataclass(slots=True)
class NonceWanted(Exception):
    """The proof holds no nonce that is ours and fresh (RFC 9449 §8): `nonce` is one."""

    nonce: str


class Nonces:
    """Nonces that every process can make and know again: a digest of the time, by a secret of the store."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._made: dict[int, str] = {}

    def current(self, now: float) -> str:
        """The nonce of these NONCE_SECONDS."""
        return self._of(int(now) // NONCE_SECONDS)

    def holds(self, nonce: object, now: float) -> bool:
        """Whether this is ours, of these or of the NONCE_SECONDS before."""
        period = int(now) // NONCE_SECONDS
        return isinstance(nonce, str) and nonce in (self._of(period), self._of(period - 1))

    def _of(self, period: int) -> str:
        made = self._made.get(period)
        if made is None:
            made = signature.encode(hmac.digest(self._secret, b"dpop nonce %d" % period, "sha256")[:18])
            self._made = {**dict(list(self._made.items())[-2:]), period: made}
        return made


class Proofs:
    """Verifies proofs. `replay` is shared by the processes of the machine."""

    def __init__(self, nonces: Nonces, replay: Replay) -> None:
        self.nonces = nonces
        self._replay = replay

    def verify(self, proof: str, method: str, url: str, now: float, token: str | None = None) -> str:
        """The thumbprint (RFC 7638) of the key that the proof is signed with.

        `token` is the access token that is shown with it, None where one is fetched. Raises Unsound, or NonceWanted.
        """
        header, claims = signature.parts(proof)
        if header.get("typ") != "dpop+jwt" or header.get("alg") not in ALGORITHMS:
            raise Unsound("header of the proof")
        key, thumbprint = _key(header.get("jwk"))
        signature.verify(proof, header["alg"], key)
        if claims.get("htm") != method or not same_address(claims.get("htu"), url):
            raise Unsound("the proof is for another request")
        if token is not None and claims.get("ath") != token_hash(token):
            raise Unsound("the proof is for another token")
        made = _timely(claims.get("iat"), now)
        if not self.nonces.holds(claims.get("nonce"), now):
            raise NonceWanted(self.nonces.current(now))
        self._once(claims.get("jti"), thumbprint, made, now)
        return thumbprint

    def _once(self, jti: object, thumbprint: str, made: float, now: float) -> None:
        if not isinstance(jti, str) or not 8 <= len(jti) <= 256:
            raise Unsound("jti")
        if not self._replay.first(f"{thumbprint} {jti}", made + LATE_SECONDS + 1, now):
            raise Unsound("the proof was used")


def _timely(moment: object, now: float) -> float:
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        raise Unsound("iat")
    if not now - LATE_SECONDS <= moment <= now + EARLY_SECONDS:
        raise Unsound("the proof is old or from the future")
    return moment


def _key(jwk: object) -> tuple[PublicKey, str]:
    """The proof's key and its thumbprint (RFC 7638). Raises Unsound for all but a public key on P-256."""
    if not isinstance(jwk, dict) or "d" in jwk or (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise Unsound("key of the proof")
    x, y = jwk.get("x"), jwk.get("y")
    if not isinstance(x, str) or not isinstance(y, str):
        raise Unsound("key of the proof")
    return _known(x, y)


@lru_cache(4_096)
def _known(x: str, y: str) -> tuple[PublicKey, str]:
    jwk: dict[str, str | list[str]] = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    return signature.public_key(jwk), ECKey.import_key(jwk).thumbprint()


def token_hash(token: str) -> str:
    """`ath` (RFC 9449 §4.2)."""
    return signature.encode(hashlib.sha256(token.encode()).digest())


def same_address(given: object, url: str) -> bool:
    """Whether `htu` is this address, query and fragment aside (RFC 9449 §4.3)."""
    if not isinstance(given, str) or len(given) > 4_096:
        return False
    if given == url:
        return True
    found = _address(given)
    return found is not None and found == _address(url)


def _address(url: str) -> tuple[str, str, int | None, str] | None:
    try:
        split = urlsplit(url)
        port = split.port or {"https": 443, "http": 80}.get(split.scheme)
    except ValueError:
        return None
    if split.username is not None or not split.hostname:
        return None
    return split.scheme, split.hostname, port, split.path or "/"
