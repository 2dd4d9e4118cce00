"""Compact JSON Web Signatures (RFC 7515), for the few algorithms that are taken here.

An algorithm is bound to one kind of key, and none of them is symmetric: a public key can never be taken for a shared
secret, and `none` is no algorithm (RFC 8725 §2.1, §3.1).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey as PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

MAX_LENGTH = 8_192
MIN_RSA_BITS = 2_048
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
PublicKey = EllipticCurvePublicKey | RSAPublicKey


class Unsound(Exception):
    """This is no token that holds. Never told to whoever sent it."""


def encode(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """The bytes of base64url. Raises Unsound for what is not the one way to write them."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise Unsound("base64url") from error
    if encode(data) != text:
        raise Unsound("base64url is not canonical")
    return data


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified. Raises Unsound."""
    if len(token) > MAX_LENGTH or _SHAPE.fullmatch(token) is None:
        raise Unsound("no compact JWS")
    head, body, _ = token.split(".")
    try:
        header, claims = orjson.loads(decode(head)), orjson.loads(decode(body))
    except orjson.JSONDecodeError as error:
        raise Unsound("no JSON") from error
    if not isinstance(header, dict) or not isinstance(claims, dict) or {"crit", "b64"} & header.keys():
        raise Unsound("header")
    return header, claims


def verify(token: str, algorithm: object, key: PublicKey) -> None:
    """Raises Unsound unless the signature is of this key, by an algorithm that belongs to its kind."""
    check = _CHECKS.get(algorithm) if isinstance(algorithm, str) else None
    if check is None:
        raise Unsound("algorithm")
    signed, _, signature = token.rpartition(".")
    try:
        check(key, decode(signature), signed.encode())
    except InvalidSignature as error:
        raise Unsound("signature") from error


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: PrivateKey) -> str:
    """A compact JWS by ES256."""
    head = orjson.dumps({"alg": "ES256", **header})
    signed = f"{encode(head)}.{encode(orjson.dumps(claims))}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def public_key(jwk: object) -> PublicKey:
    """A public key from a JSON Web Key (RFC 7517). Raises Unsound for a private or symmetric one, or a weak one."""
    if not isinstance(jwk, dict) or {"d", "k", "p", "q"} & jwk.keys():
        raise Unsound("not a public key")
    plain = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
    try:
        if plain.get("kty") == "EC":
            return ECKey.import_key(plain).public_key
        if plain.get("kty") == "RSA":
            return _strong(RSAKey.import_key(plain).public_key)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Unsound("key") from error
    raise Unsound("kind of key")


def _strong(key: RSAPublicKey) -> RSAPublicKey:
    if key.key_size < MIN_RSA_BITS:
        raise Unsound("a weak key")
    return key


Check = Callable[[PublicKey, bytes, bytes], None]


def _curve(curve: type[SECP256R1] | type[SECP384R1], hash: HashAlgorithm, size: int) -> Check:
    def check(key: PublicKey, signature: bytes, signed: bytes) -> None:
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, curve):
            raise Unsound("key of another kind")
        if len(signature) != 2 * size:
            raise Unsound("length of the signature")
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        key.verify(encode_dss_signature(r, s), signed, ECDSA(hash))

    return check


def _rsa(padding: PKCS1v15 | PSS, hash: HashAlgorithm) -> Check:
    def check(key: PublicKey, signature: bytes, signed: bytes) -> None:
        if not isinstance(key, RSAPublicKey):
            raise Unsound("key of another kind")
        key.verify(signature, signed, padding, hash)

    return check


_CHECKS: Mapping[str, Check] = {
    "ES256": _curve(SECP256R1, SHA256(), 32),
    "ES384": _curve(SECP384R1, SHA384(), 48),
    "RS256": _rsa(PKCS1v15(), SHA256()),
    "RS384": _rsa(PKCS1v15(), SHA384()),
    "PS256": _rsa(PSS(MGF1(SHA256()), 32), SHA256()),
    "PS384": _rsa(PSS(MGF1(SHA384()), 48), SHA384()),
}
