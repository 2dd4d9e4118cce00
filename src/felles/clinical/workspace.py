"""Whom a unit has today: who lies there, who has an appointment (clerical keeps those), who is followed over time; and
of each what must be seen before anything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from felles.access.consent import instant, micros
from felles.clinical.reconciliation import INPATIENT
from felles.record.outcome import Problem
from felles.record.record import Record

MOST = 1_000
AT_ONCE = 10
"""Patients that are asked about together: hourly scores of some days fit into one answer."""
RECENT = 3 * 24 * 3_600_000_000
"""How old the last NEWS2 may be."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay that goes on: "Patient/x", since when, in which bed, and what for."""

    patient: str
    since: int
    bed: str
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """A NEWS2 score and when it was taken."""

    total: int
    at: int


async def stays(record: Record, unit: str) -> list[Stay]:
    """The stays in a unit ("Organization/x") that go on, as far as they are the reader's, by bed."""
    asked = [("service-provider", unit), ("status", "in-progress"), ("_count", str(MOST))]
    found = await _seen(record, "Encounter", asked)
    inside = [_stay(one) for one in found if (one.get("class") or {}).get("code") in INPATIENT]
    made = {one.patient: one for one in inside if one.patient}
    return sorted(made.values(), key=lambda one: (one.bed == "", _counted(one.bed), one.patient))


def _counted(bed: str) -> tuple[str, int]:
    """Beds in the order of their numbers."""
    number = "".join(one for one in bed if one.isdigit())
    return bed.rstrip("0123456789"), int(number or 0)


def _stay(one: Json) -> Stay:
    places = [each for each in one.get("location") or () if each.get("status", "active") == "active"]
    bed = next((str((each.get("location") or {}).get("display", "")) for each in places), "")
    start = (one.get("period") or {}).get("start")
    return Stay(
        str((one.get("subject") or {}).get("reference", "")), micros(start) if start else 0,
        bed or str((one.get("serviceType") or {}).get("text", "")), _reason(one),
    )  # fmt: skip


def _reason(one: Json) -> str:
    said = [each.get("text") or next((code.get("display") for code in each.get("coding") or ()), "")
            for each in one.get("reasonCode") or ()]  # fmt: skip
    return str(next(filter(None, said), ""))


async def followed(record: Record, unit: str) -> list[str]:
    """The patients ("Patient/x") whom a unit follows over time (EpisodeOfCare that is active)."""
    asked = [("organization", unit), ("status", "active"), ("_count", str(MOST))]
    found = await _seen(record, "EpisodeOfCare", asked)
    return sorted({str((one.get("patient") or {}).get("reference", "")) for one in found} - {""})


async def about(record: Record, type_name: str, patients: Sequence[str]) -> dict[str, list[Json]]:
    """Resources of a type by patient; none where the type is not for the reader's role."""
    made: dict[str, list[Json]] = {}
    for start in range(0, len(patients), AT_ONCE):
        some = ",".join(patients[start : start + AT_ONCE])
        for one in await _seen(record, type_name, [("patient", some), ("_count", str(MOST))]):
            made.setdefault(_whose(one), []).append(one)
    return made


async def scores(record: Record, patients: Sequence[str], now: int) -> dict[str, Score]:
    """The last NEWS2 of each patient, of the last days."""
    made: dict[str, Score] = {}
    for start in range(0, len(patients), AT_ONCE):
        asked = [("patient", ",".join(patients[start : start + AT_ONCE])), ("code", "news2"),
                 ("date", f"ge{instant(now - RECENT)}"), ("_count", str(MOST))]  # fmt: skip
        for one in await _seen(record, "Observation", asked):
            total, at = _total(one), one.get("effectiveDateTime", "")
            if total is None or "T" not in at or one.get("status") in ("entered-in-error", "cancelled"):
                continue
            score = Score(total, micros(at))
            held = made.get(_whose(one))
            made[_whose(one)] = score if held is None or score.at > held.at else held
    return made


def _total(one: Json) -> int | None:
    value = one.get("valueInteger", (one.get("valueQuantity") or {}).get("value"))
    return int(value) if isinstance(value, (int, float)) else None


def _whose(one: Json) -> str:
    return str((one.get("subject") or one.get("patient") or {}).get("reference", ""))


async def _seen(record: Record, type_name: str, asked: list[tuple[str, str]]) -> list[Json]:
    """What a search finds; nothing where the type is not for the reader's role."""
    try:
        return await record.resources(type_name, asked)
    except Problem as error:
        if error.status != 403:
            raise
        return []
