"""What an extract is made of: the contacts, referral periods and people of one institution in one month. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from felles.clerical.npr import model
from felles.clerical.npr.contact import Contact
from felles.clerical.npr.month import Month
from felles.clerical.npr.place import Place
from felles.clerical.period import OPEN, Period, Status

Json = dict[str, Any]
OTHER_IDENTITY = "9"


@dataclass(frozen=True, slots=True)
class Institution:
    """Who reports: `reference` "Organization/x", the organisation number, and whom NPR may write to."""

    reference: str
    number: str
    name: str
    mail: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A referral period in the extract, with what the month knows of it."""

    period: Period
    place: Place
    over: date | None


@dataclass(frozen=True, slots=True)
class Left:
    """What of the record is not in the extract, and why: a name in LACKS, or one of REASONS."""

    reference: str
    unit: str
    reason: str


REASONS = ("unfinished", "cancelled", "later", "over")
"""A contact that goes on, was called off, ended after the month; a period that was over before the month."""


@dataclass(frozen=True, slots=True)
class Human:
    """What the messages say of a patient; `number` and `kind` (Volven 9032) go to npr_ide alone."""

    reference: str
    number: str
    kind: str
    sex: str
    year: str
    town: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How much the record itself counts by unit, from its index and its waiting list."""

    contacts: Mapping[str, int] = field(default_factory=dict)
    periods: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """Everything of one institution and month. `names`: unit → name."""

    institution: Institution
    month: Month
    contacts: list[Contact] = field(default_factory=list)
    periods: list[Reported] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    humans: dict[str, Human] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    counted: Counted = field(default_factory=Counted)

    @property
    def patients(self) -> list[str]:
        """References of those who have anything in the extract, in the order of their running numbers."""
        return sorted({one.patient for one in self.contacts} | {one.period.patient for one in self.periods})


def waits(one: Period, last: date) -> bool:
    """Whether a patient waits at the end of a day."""
    if one.status in OPEN:
        return True
    ended = one.ended or (one.assessed if one.status is Status.CANCELLED else None)
    return ended is not None and ended > last


def over(one: Period, episode: Json) -> date | None:
    """The day on which a referral period ended altogether; None while it goes on."""
    if one.status not in (Status.CANCELLED, Status.FINISHED):
        return None
    told = str((episode.get("period") or {}).get("end", ""))[:10]
    day = date.fromisoformat(told) if len(told) == len("2026-01-01") else None
    return day or one.ended or one.assessed or one.received


def human(reference: str, patient: Json) -> Human:
    """What is told of a patient; who has no number at all is known by the record's opaque id."""
    used = [one for one in patient.get("identifier") or () if one.get("use") != "old" and one.get("value")]
    kinds = model.tables()["identity"]
    known = [(kinds[one["system"]], str(one["value"])) for one in used if one.get("system") in kinds]
    kind, number = min(known, key=lambda one: int(one[0]), default=(OTHER_IDENTITY, reference.partition("/")[2]))
    sex = model.tables()["sex"].get(patient.get("gender", "unknown"), "0")
    return Human(reference, number, kind, sex, str(patient.get("birthDate", ""))[:4], town(patient))


MUNICIPALITY = "http://hl7.no/fhir/StructureDefinition/no-basis-municipalitycode"


def town(patient: Json) -> str:
    """The number of the municipality in which somebody lives (no-basis-Address); empty where it is not told."""
    for address in patient.get("address") or ():
        for one in (address.get("_district") or {}).get("extension") or ():
            if one.get("url") == MUNICIPALITY:
                return str((one.get("valueCoding") or {}).get("code", ""))
    return ""
