"""The two messages of an extract: npr_ord (activity, referral periods, waiting list) and npr_ide (identities).

They are sent apart and joined by the patient's running number alone (Helsedirektoratet, NPR-melding).

They are written as a stream and are the same for the same record, month and day.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version as release
from typing import IO, Any

from lxml import etree

from felles.access.age import NORWAY
from felles.clerical.npr import model
from felles.clerical.npr.contact import Code, Contact
from felles.clerical.npr.gathered import Gathered, Reported, waits
from felles.clerical.period import Period

ORD, IDE = "npr_ord", "npr_ide"
ACTIVITY, IDENT = "7", "8"
"""Type kontaktperson (Volven 8471): ventelistestatistikk, ident-meldingen."""
SITE, DEPARTMENT, TRADE = "1", "7", "2"
"""Type enhet (Volven 8476): behandlingssted, avdeling, fagenhet; all three are the unit's here."""
MADE_UP = "ØVINGSDATA-"
WHOLE = "B"
"""Meldingstype (Volven 7371): a batch that stands for the whole month."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What both messages say of themselves: the day they were taken out, their running number of that day, and
    whether they are of made-up people."""

    taken: date
    turn: int = 1
    made_up: bool = False

    def number(self, kind: str) -> str:
        return f"{self.taken:%Y%m%d}{self.turn:02}{1 if kind == ORD else 2}"


def unwritable(one: Gathered) -> str:
    """Why nothing can be written of an institution; empty where it can."""
    who = one.institution
    if who.number and who.mail:
        return ""
    return f"{who.name or who.reference} needs an organisation number and an e-mail address for NPR"


def write(file: IO[bytes], kind: str, one: Gathered, heading: Heading) -> None:
    """Writes npr_ord or npr_ide of an institution."""
    who = one.institution
    version = model.version(one.month.first)
    space = version.ord if kind == ORD else version.ide
    with etree.xmlfile(file, encoding="UTF-8") as out:
        out.write_declaration()
        with out.element("Melding", _heading(one, heading, kind, version.number), nsmap={None: space}):
            person = {"kontPerson": who.name, "meldEpost1": who.mail}
            _empty(out, "Kontaktperson", person | {"typeKontaktperson": ACTIVITY if kind == ORD else IDENT})
            with out.element("Institusjon", {"institusjonID": who.number}):
                _activity(out, one) if kind == ORD else _identities(out, one)


def _heading(one: Gathered, heading: Heading, kind: str, version: str) -> dict[str, str]:
    program = release("felles")
    return {
        "versjon": version, "meldingstype": WHOLE, "fraDatoPeriode": str(one.month.first),
        "uttakDato": str(heading.taken), "leverandor": "Felles", "navnEPJ": "Felles", "versjonEPJ": program,
        "versjonUt": program, "lopenr": heading.number(kind), "tilDatoPeriode": str(one.month.last),
        "lokalident": f"{MADE_UP if heading.made_up else ''}{kind}-{one.institution.number}-{one.month}",
    }  # fmt: skip


def _empty(out: Any, name: str, attributes: Mapping[str, str]) -> None:
    with out.element(name, {key: value for key, value in attributes.items() if value}):
        pass


def _identities(out: Any, one: Gathered) -> None:
    for number, patient in enumerate(one.patients, 1):
        said = one.humans[patient]
        _empty(out, "PasientIdent", {"pid": str(number), "fid": said.number, "typeID": said.kind})


def _activity(out: Any, one: Gathered) -> None:
    units = {unit: str(place) for place, unit in enumerate(sorted(one.places), 1)}
    for unit, id in units.items():
        place = one.places[unit]
        _empty(out, "Enhet", {"enhetID": id, "orgNr": place.number, "enhetLokal": one.names[unit]})
    contacts, periods = _of_patient(one.contacts, one.periods)
    for number, patient in enumerate(one.patients, 1):
        with out.element("Objektholder", {"pasientNr": str(number)}):
            said = one.humans[patient]
            _empty(out, "Pasient", {"pasientNr": str(number), "kjonn": said.sex, "fodselsar": said.year})
            for period in periods.get(patient, ()):
                _period(out, period, one.month.last, units)
            for contact in contacts.get(patient, ()):
                _episode(out, contact, said.town, units)


def _of_patient(
    contacts: Sequence[Contact], periods: Sequence[Reported]
) -> tuple[dict[str, list[Contact]], dict[str, list[Reported]]]:
    met: dict[str, list[Contact]] = {}
    for contact in sorted(contacts, key=lambda one: (one.start, one.id)):
        met.setdefault(contact.patient, []).append(contact)
    referred: dict[str, list[Reported]] = {}
    for period in sorted(periods, key=lambda one: (one.period.received, one.period.id)):
        referred.setdefault(period.period.patient, []).append(period)
    return met, referred


def _period(out: Any, one: Reported, last: date, units: Mapping[str, str]) -> None:
    said = one.period
    over = one.over is not None and one.over <= last
    with _element(out, "Henvisningsperiode", {
        "henvisningsperiodeID": said.id, "ansienDato": str(said.seniority), "mottaksDato": str(said.received),
        "vurdDato": _day(said.assessed, last), "rettTilHelsehjelp": _right(said, last),
        "fristStartHelsehjelp": str(said.deadline or ""), **_wait(said, last),
        "sluttDato": str(one.over) if over else "",
    }):  # fmt: skip
        _units(out, units[one.place.unit])


def _wait(said: Period, last: date) -> dict[str, str]:
    """The end of the wait; a period that waits has none."""
    if waits(said, last):
        return {}
    return {"ventetidSluttDato": str(said.ended or said.assessed or said.received), "ventetidSluttKode": said.end}


def _right(said: Period, last: date) -> str:
    if said.assessed is None or said.assessed > last:
        return ""
    return "1" if said.outcome == "right" else "2"


def _day(day: date | None, last: date) -> str:
    return str(day) if day and day <= last else ""


def _episode(out: Any, one: Contact, town: str, units: Mapping[str, str]) -> None:
    with _element(out, "Episode", {
        "episodeID": one.id, "henvisningsperiodeID": one.period, "innDatoTid": _moment(one.start),
        "utDatoTid": _moment(one.end), "innmateHast": one.haste, "omsorgsniva": one.level, "komNrHjem": town,
    }):  # fmt: skip
        contact = model.tables()["contact"]["otherwise"]["code"]
        _empty(out, "Kontakt", {"kontaktType": contact, "stedAktivitet": one.site})
        _units(out, units[one.place.unit])
        for place, codes in enumerate(one.diagnoses, 1):
            with out.element("Tilstand", {"tilstNr": str(place)}):
                _codes(out, codes, one.end.year)
        if one.procedures:
            with (
                out.element("Tjeneste", {"startDatoTid": _moment(one.start)}),
                out.element("Tiltak", {"typeTiltak": "1"}),
            ):
                for place, codes in enumerate(one.procedures, 1):
                    with out.element("Prosedyre", {"prosNr": str(place)}):
                        _codes(out, codes, one.start.year)


def _element(out: Any, name: str, attributes: Mapping[str, str]) -> AbstractContextManager[None]:
    made: AbstractContextManager[None] = out.element(name, {key: value for key, value in attributes.items() if value})
    return made


def _units(out: Any, unit: str) -> None:
    for kind in (SITE, TRADE, DEPARTMENT):
        _empty(out, "RefEnhet", {"enhetID": unit, "typeEnhet": kind})


def _codes(out: Any, codes: Sequence[Code], year: int) -> None:
    for place, code in enumerate(codes, 1):
        said = {"kodeNr": str(place), "Kodeverk": code.letter, "kodeVersjon": str(year), "kodeVerdi": code.value}
        _empty(out, "Kode", said)


def _moment(moment: datetime) -> str:
    """Local time without offset, as the model has it."""
    return moment.astimezone(NORWAY).strftime("%Y-%m-%dT%H:%M:%S")
