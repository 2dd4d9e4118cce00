"""The patient banner: who this is, beyond doubt, and what must never be missed (NHS CUI patient banner)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from felles.web.chart.allergy import Allergy, allergy_views
from felles.web.chart.identifier import national_identifier
from felles.web.chart.moment import Age, Moment, age, parse_moment
from felles.web.chart.place import Directory
from felles.web.chart.text import Resource, coded, first, listed_name
from felles.web.chart.words import N_

SEXES = {"female": N_("Kvinne"), "male": N_("Mann"), "other": N_("Annet"), "unknown": N_("Ukjent kjønn")}
# HL7 Norway no-basis-Patient: the same, as it is named there
INTERPRETER_ENDINGS = ("patient-interpreterRequired", "no-basis-interpreterRequired")


@dataclass(frozen=True, slots=True)
class Banner:
    """What identifies the patient; `language` is a BCP 47 code, or empty. `withheld`: allergies are not for the
    reader's role, which is another thing than that there are none."""

    id: str
    name: str
    born: Moment | None
    age: Age | None
    died: Moment | None
    deceased: bool
    replaced_by: str
    sex: str
    identifier_kind: str
    identifier: str
    address: str
    phone: str
    gp: str
    interpreter: bool
    language: str
    allergies: tuple[Allergy, ...]
    no_known_allergy: bool
    flags: tuple[str, ...]
    withheld: bool = False


def address_line(patient: Resource) -> str:
    """`Storgata 1, 7010 Trondheim`; the home address before others, old ones never."""
    current = [a for a in patient.get("address", ()) if a.get("use") != "old"]
    address = first(sorted(current, key=lambda a: a.get("use") != "home"))
    place = " ".join(p for p in (address.get("postalCode", ""), address.get("city", "")) if p)
    return ", ".join([*address.get("line", ()), *([place] if place else ())]) or str(address.get("text", ""))


def grouped_phone(number: str) -> str:
    """Eight digits as `12 34 56 78`, anything else as it is."""
    bare = number.removeprefix("+47").replace(" ", "")
    return " ".join(bare[i : i + 2] for i in range(0, 8, 2)) if len(bare) == 8 and bare.isdigit() else number


def phone(patient: Resource) -> str:
    """The mobile number before others."""
    phones = [t for t in patient.get("telecom", ()) if t.get("system") == "phone"]
    return grouped_phone(str(first(sorted(phones, key=lambda t: t.get("use") != "mobile")).get("value", "")))


def needs_interpreter(patient: Resource) -> bool:
    """By the international or the Norwegian extension."""
    return any(
        extension.get("url", "").endswith(INTERPRETER_ENDINGS) and bool(extension.get("valueBoolean"))
        for extension in patient.get("extension", ())
    )


def language(patient: Resource) -> str:
    """The language preferred in talking with the patient (Patient.communication)."""
    spoken = sorted(patient.get("communication", ()), key=lambda c: not c.get("preferred", False))
    coding: dict[str, Any] = first(first(spoken).get("language", {}).get("coding"))
    return str(coding.get("code", ""))


def replaced_by(patient: Resource) -> str:
    """The id of the patient this record was merged into (Patient.link), else empty."""
    links = [link for link in patient.get("link", ()) if link.get("type") == "replaced-by"]
    return str(first(links).get("other", {}).get("reference", "")).removeprefix("Patient/")


def banner(
    patient: Resource, allergies: Sequence[Resource], flags: Sequence[Resource], places: Directory, today: date
) -> Banner:
    """The banner of one patient as of `today`."""
    born, died = parse_moment(patient.get("birthDate")), parse_moment(patient.get("deceasedDateTime"))
    kind, number = national_identifier(patient)
    views = allergy_views(allergies)
    return Banner(
        id=patient["id"],
        name=listed_name(patient),
        born=born,
        age=age(born.date, died.date if died else today) if born else None,
        died=died,
        deceased=bool(died or patient.get("deceasedBoolean")),
        replaced_by=replaced_by(patient),
        sex=SEXES.get(patient.get("gender", "unknown"), SEXES["unknown"]),
        identifier_kind=kind,
        identifier=number,
        address=address_line(patient),
        phone=phone(patient),
        gp=places.name(first(patient.get("generalPractitioner")) or None),
        interpreter=needs_interpreter(patient),
        language=language(patient),
        allergies=tuple(view for view in views if not view.denial),
        no_known_allergy=any(view.denial for view in views),
        flags=tuple(coded(flag.get("code")) for flag in flags if flag.get("status") == "active"),
    )
