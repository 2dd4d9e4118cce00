"""Temporary numbers for persons who have none, and the identifiers they are written as."""

import secrets
from typing import Any

from felles.record.identity.identifier import HELP_NUMBER, TEMPORARY
from felles.record.outcome import problem
from felles.record.validation.identifier import fault

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TYPE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PT"}]}


def temporary(day: str) -> dict[str, Any]:
    """A new local number: the day, eight random signs that are not mistaken for each other, and a check sign.

    It is unlike any national number, so that nobody takes it for one.
    """
    body = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    value = f"T{day.replace('-', '')}-{body}{check_sign(day.replace('-', '') + body)}"
    return {"use": "temp", "type": _TYPE, "system": TEMPORARY, "value": value, "period": {"start": day}}


def check_sign(text: str) -> str:
    """One sign that catches any single wrong sign and any two neighbours exchanged (Luhn modulo 32)."""
    total = 0
    for place, sign in enumerate(reversed(text)):
        value = _ALPHABET.index(sign) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return _ALPHABET[-total % 32]


def provisional(given: dict[str, Any] | None, day: str) -> dict[str, Any]:
    """The common help number (FH-nummer) that was given, checked, or else a temporary number of this record.

    Raises Problem 422 for a number that is none.
    """
    if given is None:
        return temporary(day)
    wrong = fault(given)
    if wrong or not given.get("value") or given.get("system") not in (HELP_NUMBER, TEMPORARY):
        text = wrong or "a provisional identifier is a common help number (FH-nummer) or a temporary number"
        raise problem(422, "value", text, "identifier")
    return {"use": "temp", "period": {"start": day}, **given}
