"""The trail of an act on identities: one Provenance (https://hl7.org/fhir/R4/provenance.html) with every version.

`target` holds the versions that the act made, `entity` the ones before it, the two patients first: source (role
removal where it gives its facts away), then target. An undo is a trail of its own that names the one it undoes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from felles.record.identity.mention import referring
from felles.record.index.term import parameters
from felles.record.reading import Stored
from felles.record.record import Record

SYSTEM = "urn:felles:identity"
MERGE, LATE, UNMERGE, MOVE, IDENTIFY = "merge", "merge-late", "unmerge", "move-facts", "identify"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


@dataclass(frozen=True, slots=True)
class Step:
    """One resource of an act: the version that was current and the one after it, the same where it was not changed."""

    type: str
    id: str
    before: int
    after: int

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}"


def step(one: Stored) -> Step:
    """The step that makes the next version of `one`."""
    return Step(one.type, one.id, one.number, one.number + 1)


def witness(one: Stored) -> Step:
    """A resource that the act is about but does not change."""
    return Step(one.type, one.id, one.number, one.number)


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail as it is read again. `updated` in microseconds."""

    id: str
    activity: str
    updated: int
    source: Step
    target: Step
    facts: tuple[Step, ...]
    undoes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts and why."""

    user: str
    reason: str = ""

    def as_agent(self) -> dict[str, Any]:
        known = self.user.partition("/")[0] in ("Practitioner", "PractitionerRole", "Patient", "Device")
        who = {"reference": self.user} if known else {"display": self.user or "Felles"}
        return {"type": {"coding": [{"system": _AGENT, "code": "author"}]}, "who": who}


def provenance(
    activity: str, source: Step, target: Step, facts: Sequence[Step], author: Author, undoes: Sequence[str] = ()
) -> dict[str, Any]:
    """The Provenance of an act."""
    steps = (source, target, *facts)
    now = datetime.now(UTC)
    entities = [_entity(place, one) for place, one in enumerate(steps)]
    entities += [{"role": "source", "what": {"reference": f"Provenance/{id}"}} for id in undoes]
    trail: dict[str, Any] = {
        "resourceType": "Provenance",
        "target": [{"reference": f"{one.address}/_history/{one.after}"} for one in steps],
        "recorded": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z",
        "activity": {"coding": [{"system": SYSTEM, "code": activity}, {"system": _REASON, "code": "MDATA"}]},
        "agent": [author.as_agent()],
        "entity": entities,
    }
    if author.reason:
        trail["reason"] = [{"text": author.reason}]
    return trail


def _entity(place: int, one: Step) -> dict[str, Any]:
    role = "removal" if place == 0 else "revision"
    return {"role": role, "what": {"reference": f"{one.address}/_history/{one.before}"}}


def read(stored: Stored) -> Trail | None:
    """A Provenance as a Trail; None when it is none of ours."""
    resource = orjson.loads(stored.body or b"{}")
    codings = resource.get("activity", {}).get("coding", [])
    activity = next((coding["code"] for coding in codings if coding.get("system") == SYSTEM), None)
    if activity is None:
        return None
    made, used = resource["target"], resource.get("entity", [])
    steps = [_step(before["what"]["reference"], after["reference"]) for before, after in zip(used, made, strict=False)]
    undoes = [e["what"].get("reference", "") for e in used if e.get("role") == "source"]
    ids = tuple(literal.removeprefix("Provenance/") for literal in undoes)
    return Trail(stored.id, activity, stored.updated, steps[0], steps[1], tuple(steps[2:]), ids)


def _step(before: str, after: str) -> Step:
    type_name, id, _, number = before.split("/")
    return Step(type_name, id, int(number), int(after.rpartition("/")[2]))


async def of_patient(record: Record, id: str) -> list[Trail]:
    """The trails of acts that had Patient/`id` as source or target, oldest first."""
    numbers = parameters("Provenance")["target"].numbers
    found = [read(one) for one in await referring(record, f"Patient/{id}", numbers)]
    return [one for one in found if one and f"Patient/{id}" in (one.source.address, one.target.address)]


def standing(trails: Sequence[Trail]) -> list[Trail]:
    """The merges among the trails that have not been undone, and what came late to them."""
    undone = {id for one in trails for id in one.undoes}
    return [one for one in trails if one.activity in (MERGE, LATE) and one.id not in undone]
