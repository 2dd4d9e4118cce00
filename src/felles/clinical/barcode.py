"""What a scanner reads at the bedside: a package (GS1 General Specifications, §3 application identifiers, §7.9 check
digit) or a wristband with the patient's number. Pure.

Variable parts end at FNC1, which scanners send as GS (0x1D); as keyboards cannot type that, `|` and `~` are read as the
same, and bracketed identifiers, as they are printed under a code, need no separator."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

FIXED = {"00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
"""Identifiers whose part has a fixed length (GS1 figure 7.8.5-2)."""
VARIABLE = {"10": 20, "21": 20, "22": 20, "30": 8, "37": 8, "240": 30, "241": 30, "250": 30, "710": 20, "711": 20,
            "712": 20, "713": 20, "714": 20, "715": 20, "716": 20}  # fmt: skip
LENGTHS = (8, 12, 13, 14)
NUMBER = 11
_SYMBOLOGY = re.compile(r"^\](?:[dCQ]\d|e0)")
_ENDS = re.compile("[\x1d\u241d|~]")


class Unreadable(ValueError):
    """What was scanned is neither a package nor a number."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package: its GTIN in 14 digits, the last day of use, and the lot (batch), where the code has them."""

    gtin: str
    expires: date | None = None
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A wristband: 11 digits."""

    number: str


def checks(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it (§7.9.1)."""
    total = sum(int(one) * (3 if place % 2 == 0 else 1) for place, one in enumerate(reversed(digits[:-1])))
    return digits.isascii() and digits.isdigit() and (10 - total % 10) % 10 == int(digits[-1])


def scanned(text: str, today: date) -> Package | Band:
    """What was scanned. Raises Unreadable."""
    code = _SYMBOLOGY.sub("", text.strip(" \t\r\n"))
    if re.fullmatch(r"[0-9]+", code) and len(code) == NUMBER:
        return Band(code)
    if re.fullmatch(r"[0-9]+", code) and len(code) in LENGTHS:
        return Package(_gtin(code))
    parts = _bracketed(code) if code.startswith("(") else _elements(code)
    if "01" not in parts:
        raise Unreadable(text)
    return Package(_gtin(parts["01"]), _day(parts["17"], today) if "17" in parts else None, parts.get("10", ""))


def _gtin(digits: str) -> str:
    if not digits.isascii() or not digits.isdigit() or not checks(digits):
        raise Unreadable(digits)
    return digits.zfill(14)


def _bracketed(code: str) -> dict[str, str]:
    if not re.fullmatch(r"(?:\(\d{2,4}\)[^()]+)+", code):
        raise Unreadable(code)
    return dict(re.findall(r"\((\d{2,4})\)([^()]+)", code))


def _elements(code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = _ENDS.sub("\x1d", code).lstrip("\x1d")
    while rest:
        name = next((one for size in (2, 3) if (one := rest[:size]) in FIXED or one in VARIABLE), "")
        body = rest[len(name) :]
        value = body[: FIXED[name]] if name in FIXED else body.partition("\x1d")[0]
        if not name or not value or (len(value) < FIXED[name] if name in FIXED else len(value) > VARIABLE[name]):
            raise Unreadable(code)
        found[name] = value
        rest = body[len(value) :].lstrip("\x1d")
    return found


def _day(text: str, today: date) -> date:
    """A date of six digits: the century that is nearest (§7.12), the month's last day for day 00 (§3.4.2)."""
    if not text.isascii() or not text.isdigit():
        raise Unreadable(text)
    year, month, day = (int(text[place : place + 2]) for place in (0, 2, 4))
    century = today.year // 100 * 100
    apart = year - today.year % 100
    whole = century + year - (100 if apart >= 51 else -100 if apart <= -50 else 0)
    try:
        return date(whole, month, day or monthrange(whole, month)[1])
    except ValueError as error:
        raise Unreadable(text) from error
