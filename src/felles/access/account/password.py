"""Passwords (NIST SP 800-63B section 5.1.1.2): long, not among the guessed ones, kept as Argon2id (RFC 9106)."""

import asyncio
import unicodedata
from functools import cache
from importlib import resources
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 256
LEFT = 4
"""How many different characters there must be beside the words that everybody tries first."""

Fault = Literal["short", "long", "guessed"]

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
_working = asyncio.Semaphore(4)  # each takes 64 MiB while it works


def normal(password: str) -> str:
    """The same characters however a keyboard writes them (NFKC, as SP 800-63B says)."""
    return unicodedata.normalize("NFKC", password)


@cache
def guessed() -> frozenset[str]:
    """Words and runs that passwords are built of by those who must have one."""
    text = resources.files(__package__).joinpath("guessed.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def fault(password: str, name: str) -> Fault | None:
    """Why a new password is not taken, or None."""
    word = normal(password).casefold()
    if len(word) < SHORTEST:
        return "short"
    if len(word) > LONGEST:
        return "long"
    for part in sorted({*guessed(), name.casefold()}, key=len, reverse=True):
        word = word.replace(part, "")
    return "guessed" if len(set(word)) < LEFT else None


async def hashed(password: str) -> str:
    """What is kept of it."""
    async with _working:
        return await asyncio.to_thread(_hasher.hash, normal(password))


async def holds(kept: str | None, password: str) -> bool:
    """Whether this is the password. Without one to compare with, the same time is spent."""
    async with _working:
        return await asyncio.to_thread(_verify, kept or _nobody(), normal(password)) and kept is not None


def _verify(kept: str, password: str) -> bool:
    try:
        return len(password) <= LONGEST and _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash("the password of an account that is not there")
