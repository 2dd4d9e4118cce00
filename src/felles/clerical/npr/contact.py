"""A contact of the specialist service as NPR wants it, and what it lacks. Pure.

What a contact must have: a unit with an organisation number, a class, both times, a diagnosis in ICD-10, a national
procedure code for each procedure, and where it was planned the referral period (NPR's model; rundskriv IS-2331).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from felles.clerical.npr import model
from felles.clerical.npr.place import Place

Json = dict[str, Any]
LACKS: Mapping[str, str] = {
    "place": "organisasjonsnummer",
    "class": "omsorgsnivå",
    "time": "start eller slutt",
    "diagnosis": "diagnose i ICD-10",
    "procedure": "prosedyrekode",
    "referral": "henvisningsperiode",
    "patient": "pasient",
}
"""What a contact may lack, and its words."""
ACUTE = frozenset(("EM", "EMR", "UR"))
"""Encounter.priority (HL7 v3 ActPriority) of who was not awaited."""
_STAYS = "1"


@dataclass(frozen=True, slots=True)
class Facts:
    """An Encounter and what it points to. `period`: id of the referral period; `place` None: no institution reports."""

    encounter: Json
    conditions: Sequence[Json]
    procedures: Sequence[Json]
    period: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class Code:
    """A code with the letter of its system in the message."""

    letter: str
    value: str


@dataclass(frozen=True, slots=True)
class Contact:
    """One episode of the extract. References are "Type/id"; each of `diagnoses` is one condition's codes."""

    id: str
    patient: str
    place: Place
    start: datetime
    end: datetime
    level: str
    site: str
    haste: str
    period: str
    diagnoses: tuple[tuple[Code, ...], ...]
    procedures: tuple[tuple[Code, ...], ...]


def finished(encounter: Json | None) -> bool:
    """Whether a contact is over and stands."""
    return (encounter or {}).get("status") == "finished"


def lacks(facts: Facts) -> tuple[str, ...]:
    """What a contact lacks, in the order of LACKS."""
    one = facts.encounter
    span = one.get("period") or {}
    found = {
        "place": not (facts.place and facts.place.number),
        "class": _row(one) is None,
        "time": _moment(span.get("start")) is None or _moment(span.get("end")) is None,
        "diagnosis": not any(_codes(each, "diagnosis") for each in facts.conditions),
        "procedure": any(not _codes(each, "procedure") for each in facts.procedures),
        "referral": not facts.period and not acute(one),
        "patient": not str((one.get("subject") or {}).get("reference", "")).startswith("Patient/"),
    }
    return tuple(name for name in LACKS if found[name])


def acute(encounter: Json) -> bool:
    """Whether nobody had planned it: in an emergency, or a stay without a referral."""
    code = _class(encounter)
    said = {str(coding.get("code")) for coding in (encounter.get("priority") or {}).get("coding") or ()}
    return code == "EMER" or bool(said & ACUTE) or (_row(encounter) or {}).get("level") == _STAYS


def contact(facts: Facts) -> Contact:
    """The contact of facts that lack nothing. Raises ValueError for others."""
    row, one, span = _row(facts.encounter), facts.encounter, facts.encounter.get("period") or {}
    start, end = _moment(span.get("start")), _moment(span.get("end"))
    if lacks(facts) or facts.place is None or row is None or start is None or end is None:
        raise ValueError("a contact that lacks something is not reported")
    haste = model.tables()["haste"]["acute" if not facts.period else "planned"]["code"]
    conditions = (_codes(each, "diagnosis") for each in facts.conditions)
    procedures = (_codes(each, "procedure") for each in facts.procedures)
    return Contact(
        str(one["id"]), str(one["subject"]["reference"]), facts.place, start, end, row["level"], row["place"], haste,
        facts.period, tuple(filter(None, conditions)), tuple(filter(None, procedures)),
    )  # fmt: skip


def _class(encounter: Json) -> str:
    return str((encounter.get("class") or {}).get("code", ""))


def _row(encounter: Json) -> Json | None:
    row: Json | None = model.tables()["class"].get(_class(encounter))
    return row


def _moment(text: str | None) -> datetime | None:
    if not text or "T" not in text:
        return None
    return datetime.fromisoformat(text)


def _codes(resource: Json, use: str) -> tuple[Code, ...]:
    """The codes of a Condition or Procedure in the systems that are used so; without full stops (E70.2 is E702)."""
    return tuple(_told((resource.get("code") or {}).get("coding") or (), use))


def _told(codings: Sequence[Json], use: str) -> Iterator[Code]:
    for coding in codings:
        found = model.letter(str(coding.get("system", "")), use)
        if found and coding.get("code"):
            yield Code(found, str(coding["code"]).replace(".", ""))
