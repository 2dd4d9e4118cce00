"""One-time codes from an app (TOTP, RFC 6238, as apps take them: SHA-1, six digits, 30 seconds) and recovery codes."""

import hashlib
import hmac
import re
import secrets
import struct
from base64 import b32decode, b32encode
from urllib.parse import quote

from felles.access.session import digest, same

STEP_SECONDS, DIGITS = 30, 6
ADRIFT = 1
"""How many steps a clock may be off (RFC 6238 section 5.2)."""

RECOVERY_CODES = 10


def new_secret() -> str:
    """160 random bits in base32."""
    return b32encode(secrets.token_bytes(20)).decode()


def is_secret(text: str) -> bool:
    """Whether a text is one of ours: it goes to the browser and back before it is kept."""
    return re.fullmatch("[A-Z2-7]{32}", text) is not None


def code_at(secret: str, step: int) -> str:
    """The code of a time step (RFC 4226 section 5.3)."""
    mac = hmac.new(b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = mac[-1] & 15
    number = struct.unpack(">I", mac[offset : offset + 4])[0] & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: str, code: str, now: float, used: int = 0) -> int | None:
    """The time step a code is of, later than `used` (no code serves twice), or None."""
    given, at = code.replace(" ", ""), int(now) // STEP_SECONDS
    steps = [step for step in range(at - ADRIFT, at + ADRIFT + 1) if same(code_at(secret, step), given)]
    return next((step for step in steps if step > used), None)


def address(secret: str, name: str) -> str:
    """What an app reads from a link or a square (Key URI format)."""
    return f"otpauth://totp/Felles:{quote(name)}?secret={secret}&issuer=Felles&digits={DIGITS}&period={STEP_SECONDS}"


def new_recovery_codes() -> list[str]:
    """Codes of 80 random bits, each good for one sign-in when the app is lost."""
    return ["-".join(_fours(b32encode(secrets.token_bytes(10)).decode().lower())) for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str) -> str:
    """What is kept of a recovery code, however it was typed."""
    return digest("".join(c for c in code.casefold() if c.isalnum()))


def _fours(text: str) -> list[str]:
    return [text[i : i + 4] for i in range(0, len(text), 4)]
