"""Organisation numbers, HER-ids and common help numbers of test series: allowed only in a store marked as demo."""

from collections.abc import Iterator, Mapping
from typing import Any

from felles.record.outcome import Issue
from felles.record.validation import national

_OID = "urn:oid:2.16.578.1.12.4.1."
LOWEST_MADE_UP_HER_ID = 99_000_000
"""HER-ids from here on have not been given out."""
LOWEST_HELP_NUMBER = 999_990_000
"""Common help numbers (FH-nummer, without check digits) from here on have not been given out."""


def may_be_made_up(raw: bytes) -> bool:
    """Whether it is worth looking into a resource, which may also hold escaped ASCII. About 0.5 µs for 2 kB."""
    if b"578.1.12.4.1." in raw and (b"1.12.4.1.4.101" in raw or b'1.12.4.1.2"' in raw or b'1.12.4.1.4.3"' in raw):
        return True
    return b"\\" in raw and b"\\u00" in raw


def made_up(resource: Mapping[str, Any]) -> list[Issue]:
    """An issue for each made-up organisation number, HER-id and help number of a (valid) resource, at any depth."""
    return list(_found(resource, str(resource.get("resourceType"))))


def _found(value: Any, where: str) -> Iterator[Issue]:
    if isinstance(value, Mapping):
        if _is_made_up(value.get("system"), value.get("value")):
            words = "a made-up identifier is accepted only in a store that is marked as demo"
            yield Issue("business-rule", words, f"{where}.value")
        for name, item in value.items():
            if isinstance(item, Mapping | list):
                yield from _found(item, f"{where}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _found(item, f"{where}[{index}]")


def _is_made_up(system: Any, value: Any) -> bool:
    if not isinstance(system, str) or not isinstance(value, str) or not system.startswith(_OID):
        return False
    if system == f"{_OID}4.101":
        return national.is_synthetic(value)
    if system == f"{_OID}4.3":
        return value[:9].isdigit() and int(value[:9]) >= LOWEST_HELP_NUMBER
    return system == f"{_OID}2" and value.isdigit() and int(value) >= LOWEST_MADE_UP_HER_ID
