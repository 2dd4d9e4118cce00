"""Primitive values in JSON: their JSON type, range and form (https://hl7.org/fhir/R4/datatypes.html#primitive).

Stricter than the published regular expressions in three ways: days must exist in their month, fractions of a second
have at most nine digits, and text holds no control characters (XML and PostgreSQL cannot carry them).
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Any

_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    f"(?:{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|{_YEAR}-(?:0[13-9]|1[0-2])-(?:29|30)"
    f"|{_YEAR}-(?:0[13578]|1[02])-31|{_LEAP}-02-29)"
)
_MONTH = f"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]{1,9})?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_BASE64 = "[A-Za-z0-9+/][ \\t\\r\\n]*"

PATTERNS: Mapping[str, str] = {
    "base64Binary": f"[ \\t\\r\\n]*(?:(?:{_BASE64}){{4}})*"
    f"(?:(?:{_BASE64}){{4}}|(?:{_BASE64}){{3}}=[ \\t\\r\\n]*|(?:{_BASE64}){{2}}=[ \\t\\r\\n]*=[ \\t\\r\\n]*)",
    "canonical": "[^\\x00-\\x20]+",
    "code": "[^\\x00-\\x20]+(?: [^\\x00-\\x20]+)*",
    "date": f"(?:{_MONTH}|{_DAY})",
    "dateTime": f"(?:{_MONTH}|{_DAY}(?:T{_TIME}{_ZONE})?)",
    "id": "[A-Za-z0-9.-]{1,64}",
    "instant": f"{_DAY}T{_TIME}{_ZONE}",
    "markdown": "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]+",
    "oid": r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+",
    "string": "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]+",
    "time": _TIME,
    "uri": "[^\\x00-\\x20]+",
    "url": "[^\\x00-\\x20]+",
    "uuid": "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
}
LONGEST = 1_048_576
"""Characters a string may have (datatypes.html#string says 1 MB)."""
_LIMITED = ("string", "markdown", "code")
_RANGES: Mapping[str, tuple[int, int]] = {
    "integer": (-2_147_483_648, 2_147_483_647),
    "unsignedInt": (0, 2_147_483_647),
    "positiveInt": (1, 2_147_483_647),
}
_MEANING: Mapping[str, str] = {
    "base64Binary": "base64 text",
    "code": "a code without leading, trailing or double spaces",
    "date": "a date YYYY, YYYY-MM or YYYY-MM-DD that exists",
    "dateTime": "a date, or a date with time, seconds and time zone, that exists",
    "id": "an id of 1 to 64 letters, digits, '-' and '.'",
    "instant": "a moment YYYY-MM-DDThh:mm:ss with time zone, that exists",
    "oid": "an OID that begins with urn:oid:",
    "time": "a time hh:mm:ss",
    "uuid": "a UUID in lower case that begins with urn:uuid:",
}


@cache
def _matcher(code: str) -> re.Pattern[str]:
    return re.compile(PATTERNS[code])


def schema(code: str) -> dict[str, Any]:
    """The JSON Schema (draft 4) of a primitive type."""
    if code == "boolean":
        return {"type": "boolean"}
    if code == "decimal":
        return {"type": "number"}
    if code in _RANGES:
        low, high = _RANGES[code]
        return {"type": "integer", "minimum": low, "maximum": high}
    if code == "xhtml":
        return {"type": "string", "format": "narrative"}
    text = {"type": "string", "pattern": f"^(?:{PATTERNS[code]})$"}
    return {**text, "maxLength": LONGEST} if code in _LIMITED else text


def fault(code: str, value: Any) -> str | None:
    """What is wrong with a value of a primitive type, or None."""
    if code == "boolean":
        return None if isinstance(value, bool) else f"{_shown(value)} is not a boolean"
    if code == "decimal":
        return None if _is_number(value) else f"{_shown(value)} is not a number"
    if code in _RANGES:
        return _integer_fault(code, value)
    if not isinstance(value, str):
        return f"{_shown(value)} is not a string"
    return _text_fault(code, value)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return isinstance(value, Decimal) or isfinite(value)


def _integer_fault(code: str, value: Any) -> str | None:
    low, high = _RANGES[code]
    if isinstance(value, bool) or not isinstance(value, int):
        return f"{_shown(value)} is not an integer"
    return None if low <= value <= high else f"{value} is not between {low} and {high}"


def _text_fault(code: str, value: str) -> str | None:
    if not value:
        return "an empty string is not allowed"
    if len(value) > LONGEST and code in _LIMITED:
        return f"the string is longer than {LONGEST} characters"
    if code == "xhtml" or (_is_base64(value) if code == "base64Binary" else _matcher(code).fullmatch(value)):
        return None
    if code in ("string", "markdown"):
        return f"{_shown(value)} holds control characters"
    return f"{_shown(value)} is not {_MEANING.get(code, f'a valid {code}')}"


def _is_base64(value: str) -> bool:
    """The pattern of base64Binary, decided in linear time for values of any size."""
    compact = value.translate(_SPACES)
    return bool(compact) and len(compact) % 4 == 0 and _BASE64_DIGITS.fullmatch(compact) is not None


_SPACES = dict.fromkeys(map(ord, " \t\r\n"))
_BASE64_DIGITS = re.compile("[A-Za-z0-9+/]*={0,2}")


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    text = repr(value[:80]) if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
