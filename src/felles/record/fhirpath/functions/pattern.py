"""Regular expressions, on RE2: its time is linear in the text, so that no pattern can hang the server."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.functions.text import strings

GROUP = re.compile(r"\$(\d)|\$\{(\w+)\}")
OPTIONS = re2.Options()
OPTIONS.dot_nl = True
OPTIONS.log_errors = False
OPTIONS.max_mem = 8 << 20
MAX_PATTERN = 1000
MAX_TEXT = 200_000


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The pattern in single-line mode; FhirPathError when RE2 cannot take it (back references, look-around)."""
    if len(pattern) > MAX_PATTERN:
        raise FhirPathError(f"The pattern is longer than {MAX_PATTERN} characters")
    try:
        return re2.compile(pattern, OPTIONS)
    except re2.error as error:
        raise FhirPathError(f"The pattern {pattern!r} cannot be used: {reason(error)}") from None


def reason(error: Exception) -> str:
    found = error.args[0]
    return found.decode(errors="replace") if isinstance(found, bytes) else str(found)


def checked(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise FhirPathError(f"Patterns search at most {MAX_TEXT} characters")
    return value


def matches(value: str, pattern: str) -> bool:
    return compiled(pattern).search(checked(value)) is not None


def matches_full(value: str, pattern: str) -> bool:
    return compiled(pattern).fullmatch(checked(value)) is not None


def replace_matches(value: str, pattern: str, substitution: str) -> str:
    """Groups are `$1` or `${name}` in the substitution; an empty pattern replaces nothing."""
    if not pattern:
        return value
    return str(compiled(pattern).sub(lambda match: expanded(match, substitution), checked(value)))


def expanded(match: Any, substitution: str) -> str:
    def group(found: re.Match[str]) -> str:
        try:
            return match.group(int(found[1]) if found[1] else found[2]) or ""
        except (IndexError, KeyError):
            raise FhirPathError(f"The pattern has no group {found[0]}") from None

    return GROUP.sub(group, substitution)


strings("matches", matches, 1)
strings("matchesFull", matches_full, 1)
strings("replaceMatches", replace_matches, 2)
