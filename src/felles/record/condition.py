"""Conditions of conditional interactions (FHIR R4 http.html#cond-update): searched now, searched again under lock."""

from dataclasses import dataclass

from felles.record import definition
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.store import Criterion

Parameters = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a condition gave: its parameters and at most two ids. `stands` is what it gives the system itself, which is
    what the transaction checks again: what somebody may not see is no reason to refuse, nor to tell."""

    parameters: Parameters
    ids: list[str]
    lock: int
    stands: list[str] | None = None


def lock_of(type_name: str, parameters: Parameters) -> int:
    """A stable key of the criteria: two writers with the same criteria wait for each other."""
    return key64(type_name + "?" + "&".join(f"{name}={value}" for name, value in sorted(parameters)))


def relative(type_name: str, parameters: Parameters, base: str) -> Parameters:
    """The same criteria where references to `base`, the record's own address, are Type/id: as they are stored."""
    known = definition.search_parameters(type_name)
    return [
        (name, value.removeprefix(f"{base}/") if _is_reference(known.get(name.partition(":")[0])) else value)
        for name, value in parameters
    ]


def _is_reference(parameter: definition.SearchParameter | None) -> bool:
    return parameter is not None and parameter.type == "reference"


def criterion(type_name: str, found: Found) -> Criterion:
    """What the transaction checks again."""
    stands = found.ids if found.stands is None else found.stands
    return Criterion(found.lock, type_name, found.parameters, stands)


def version_of(etag: str) -> int:
    """The version number in `W/"3"`. Raises Problem 400."""
    text = etag.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise problem(400, "invalid", 'If-Match and If-None-Match take a version as in W/"3"')
    return int(text)
