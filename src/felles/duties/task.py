"""The FHIR Task that shows a duty (https://hl7.org/fhir/R4/task.html): searchable, never the truth.

Task.owner is the person, else the unit, for kinds that open the record; Task.restriction.recipient always is the unit.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from felles.duties.duty import Duty, Outcome, State
from felles.duties.escalation import Level
from felles.duties.kind import SYSTEM, Kind
from felles.duties.reading import Names
from felles.duties.serial import task_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PRIORITY = {Level.OWNER: "routine", Level.SUBSTITUTE: "urgent", Level.LEADER: "asap", Level.REGION: "stat"}
_STATUS = {Outcome.PROVED: "completed", Outcome.OK: "completed", Outcome.NOT_OK: "failed"} | {
    Outcome.NEEDLESS: "cancelled"
}


def instant(moment: int) -> str:
    """A moment as FHIR has it, in UTC with milliseconds."""
    return f"{_EPOCH + timedelta(microseconds=moment):%Y-%m-%dT%H:%M:%S}.{moment // 1000 % 1000:03d}Z"


def status(duty: Duty) -> str:
    """Task.status: a pool's duty is requested, a person's accepted."""
    if duty.state == State.VOID:
        return "entered-in-error"
    if duty.open:
        return "requested" if duty.person is None else "accepted"
    return _STATUS[Outcome(duty.outcome)]


def _reference(names: Names, key: int | None) -> dict[str, str] | None:
    return {"reference": names[key]} if key is not None and key in names else None


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def task(duty: Duty, kind: Kind, names: Names) -> dict[str, Any]:
    """The Task of a duty."""
    unit, person, proof = (_reference(names, key) for key in (duty.unit, duty.person, duty.proof))
    ended = {} if duty.open else {"end": instant(duty.moment)}
    level = {"system": f"{SYSTEM}:level", "code": Level(duty.level).name.lower()}
    return _present(
        {
            "resourceType": "Task",
            "id": task_id(duty.id),
            "status": status(duty),
            "statusReason": {"text": duty.reason} if duty.reason else None,
            "businessStatus": {"coding": [level]},
            "intent": "order",
            "priority": _PRIORITY[Level(duty.level)],
            "code": {"coding": [{"system": SYSTEM, "code": kind.code}], "text": kind.title},
            "focus": _reference(names, duty.subject),
            "for": _reference(names, duty.patient),
            "executionPeriod": {"start": instant(duty.opened), **ended},
            "authoredOn": instant(duty.opened),
            "lastModified": instant(duty.moment),
            "owner": (person or unit) if kind.opens else None,
            "restriction": _present(
                {"period": {"end": instant(duty.due)}, "recipient": [one for one in (unit,) if one]}
            ),
            "output": [{"type": {"text": "proof"}, "valueReference": proof}] if proof else None,
        }
    )
