"""What the pages ask of the record: a patient's resources, and the places and people they point to."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from felles.access.audit.insight import Insight
from felles.access.audit.row import Act
from felles.access.representation import Represented
from felles.access.session import Session
from felles.access.who import Who
from felles.record.outcome import Problem
from felles.web.chart.place import Directory

Parameters = Sequence[tuple[str, str]]
PLACES = ("Organization", "Practitioner", "PractitionerRole", "Location", "Medication")
LOOKUP_DEPTH = 3
LOOKUP_WIDTH = 100

# numbers stay as they were written: 1.50 is two decimals measured
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class Stored(Protocol):
    @property
    def body(self) -> bytes | None: ...


class Found(Protocol):
    @property
    def matches(self) -> Sequence[Stored]: ...
    @property
    def included(self) -> Sequence[Stored]: ...


class Record(Protocol):
    """The part of `felles.record.Record` that pages use; problems are `felles.record.outcome.Problem`."""

    async def read(self, type: str, id: str, /) -> Stored: ...
    async def search(self, type: str, parameters: Parameters, /) -> Found: ...
    async def ask(self, name: str, args: Sequence[Any] = (), /) -> list[tuple[Any, ...]]: ...
    async def commit(self, writes: Sequence[Any], /, *, lines: Sequence[Any] = ()) -> Any: ...


class Sitting(Protocol):
    """Somebody at work on the pages (`felles.access.desk.Sitting`)."""

    @property
    def record(self) -> Record: ...
    @property
    def finds(self) -> bool: ...
    @property
    def home(self) -> str: ...
    @property
    def acting(self) -> Represented | None: ...
    def sees(self, type_name: str) -> bool: ...
    def writes(self, type_name: str) -> bool: ...
    async def told(self, act: Act, parameters: Iterable[str], status: int) -> None: ...


class Desk(Protocol):
    """Where people get the record as they may see it (`felles.access.desk.Desk`)."""

    async def open(self, session: Session, now: float) -> Sitting | None: ...
    async def visits(self, who: Who, before: int | None) -> Insight: ...


# chart part: (resource type, search parameters beside the patient)
CHART: Mapping[str, tuple[str, Parameters]] = {
    "conditions": ("Condition", [("_sort", "-recorded-date"), ("_count", "200")]),
    "orders": ("MedicationRequest", [("_sort", "-authoredon"), ("_count", "200")]),
    "statements": ("MedicationStatement", [("_sort", "-effective"), ("_count", "100")]),
    "allergies": ("AllergyIntolerance", [("_count", "1000")]),
    "flags": ("Flag", [("_count", "1000")]),
    "labs": ("Observation", [("category", "laboratory"), ("_sort", "-date"), ("_count", "400")]),
    "vitals": ("Observation", [("category", "vital-signs,survey"), ("_sort", "-date"), ("_count", "120")]),
    "encounters": ("Encounter", [("_sort", "-date"), ("_count", "200")]),
    "documents": ("DocumentReference", [("_sort", "-date"), ("_count", "60")]),
    "compositions": ("Composition", [("_sort", "-date"), ("_count", "30")]),
    "reports": ("DiagnosticReport", [("_sort", "-date"), ("_count", "60")]),
    "requests": ("ServiceRequest", [("_sort", "-authored"), ("_count", "60")]),
    "vaccines": ("Immunization", [("_sort", "-date"), ("_count", "60")]),
    "procedures": ("Procedure", [("_sort", "-date"), ("_count", "60")]),
    "messages": ("Communication", [("_sort", "-sent"), ("_count", "60")]),
    "appointments": ("Appointment", [("_sort", "-date"), ("_count", "60")]),
}


STANDING: Mapping[str, Parameters] = {
    "conditions": [("clinical-status", "active,recurrence,relapse"), ("_count", "1000")],
    "orders": [("status", "active,on-hold,draft"), ("_count", "1000")],
    "statements": [("status", "active,on-hold,draft"), ("_count", "1000")],
}
"""What of a part is shown however much history there is: it is asked for on its own."""


def decode(found: Found) -> list[dict[str, Any]]:
    """The matches as plain data."""
    return [_decode(match.body) for match in found.matches if match.body]


async def patients(record: Record, parameters: Parameters) -> list[dict[str, Any]]:
    """Patients matching search parameters."""
    return decode(await record.search("Patient", parameters))


async def patient(record: Record, id: str) -> dict[str, Any]:
    """One patient; Problem 404 or 410 when there is none."""
    found: dict[str, Any] = _decode((await record.read("Patient", id)).body or b"{}")
    return found


async def chart_parts(record: Record, id: str, names: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The named parts of CHART for one patient, asked side by side; what is not for the reader's role is empty."""
    wanted = list(names)
    answers = await asyncio.gather(*(_part(record, id, *CHART[name]) for name in wanted))
    standing = [name for name in wanted if name in STANDING]
    held = await asyncio.gather(*(_part(record, id, CHART[name][0], STANDING[name]) for name in standing))
    parts = dict(zip(wanted, answers, strict=True))
    for name, found in zip(standing, held, strict=True):
        parts[name] = list({str(one["id"]): one for one in (*found, *parts[name])}.values())
    return parts


async def _part(record: Record, id: str, kind: str, parameters: Parameters) -> list[dict[str, Any]]:
    try:
        return decode(await record.search(kind, [("patient", id), *parameters]))
    except Problem as error:
        if error.issues[0].code == "forbidden":
            return []
        raise


def references(value: Any) -> set[str]:
    """Every literal reference inside `value` to a type in PLACES."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found = set().union(*(references(v) for k, v in value.items() if k != "reference"))
    target = value.get("reference")
    if isinstance(target, str) and target.partition("/")[0] in PLACES:
        found.add("/".join(target.split("/")[:2]))
    return found


async def _look_up(record: Record, wanted: set[str]) -> dict[str, dict[str, Any]]:
    by_type: dict[str, list[str]] = {}
    for reference in sorted(wanted):
        kind, _, id = reference.partition("/")
        by_type.setdefault(kind, []).append(id)
    asked = [
        record.search(kind, [("_id", ",".join(ids[i : i + LOOKUP_WIDTH])), ("_count", str(LOOKUP_WIDTH))])
        for kind, ids in by_type.items()
        for i in range(0, len(ids), LOOKUP_WIDTH)
    ]
    answers = await asyncio.gather(*asked)
    resources = [resource for answer in answers for resource in decode(answer)]
    return {f"{r['resourceType']}/{r['id']}": r for r in resources}


async def directory(record: Record, pointing: Any) -> Directory:
    """Everything `pointing` points to, and what that points to in turn (role, person, organisation)."""
    known: dict[str, dict[str, Any]] = {}
    wanted = references(pointing)
    for _ in range(LOOKUP_DEPTH):
        wanted -= known.keys()
        if not wanted:
            break
        found = await _look_up(record, wanted)
        known |= {reference: {} for reference in wanted} | found
        wanted = references(list(found.values()))
    return Directory({reference: resource for reference, resource in known.items() if resource})
