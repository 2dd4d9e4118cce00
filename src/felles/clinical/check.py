"""What speaks against a prescription: interactions, allergies, duplicates, a weekly medicine taken daily, too much in a
day, a unit that is not the medicine's. Rules are data (`data/checks.toml`), a small open set behind one function. Pure.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from felles.clinical.dose import Dose
from felles.clinical.product import ATC, Product

WEEKLY = 1 / 7
LANGUAGES = ("nb", "nn", "en")
GROUP = 5
"""Characters of an ATC code that name the chemical group."""
Json = dict[str, Any]


class Severity(StrEnum):
    """STOP: not without a second confirmation and a reason. SERIOUS: not without a reason. NOTE: shown."""

    STOP = "stop"
    SERIOUS = "serious"
    NOTE = "note"


class Cause(StrEnum):
    """What kind of warning it is."""

    WEEKLY = "weekly"
    ALLERGY = "allergy"
    INTERACTION = "interaction"
    DUPLICATE = "duplicate"
    GROUP = "group"
    TOO_MUCH = "too-much"


@dataclass(frozen=True, slots=True)
class Warning:
    """`about`: the name of the other medicine, the allergy, or the amount; `words`: the rule's own, by language;
    `refs`: what it concerns, "Type/id"."""

    cause: Cause
    severity: Severity
    about: str = ""
    words: Mapping[str, str] | None = None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A medicine that the patient takes already."""

    ref: str
    atc: str
    name: str


def warnings(product: Product, dose: Dose, taken: Iterable[Taken], allergies: Iterable[Json]) -> list[Warning]:
    """Everything that speaks against it, the worst first."""
    found = [*_weekly(product, dose), *_too_much(product, dose), *_allergic(product, allergies)]
    for one in taken:
        found += _together(product, one)
    order = list(Severity)
    return sorted(found, key=lambda one: (order.index(one.severity), one.cause, one.about))


def _weekly(product: Product, dose: Dose) -> list[Warning]:
    often = dose.daily > WEEKLY * 1.01 or (dose.needed and not dose.limit)
    return [Warning(Cause.WEEKLY, Severity.STOP, product.name)] if product.weekly and often else []


def _too_much(product: Product, dose: Dose) -> list[Warning]:
    once = product.amount(dose)
    if product.most is None or once is None:
        return []
    day = once * Decimal(str(round(dose.daily, 3)))
    unit = product.strength.partition(" ")[2]
    if day <= product.most:
        return []
    return [Warning(Cause.TOO_MUCH, Severity.SERIOUS, f"{day.normalize():f} {unit} > {product.most:f} {unit}")]


def _allergic(product: Product, allergies: Iterable[Json]) -> list[Warning]:
    found = []
    for one in allergies:
        ended = {each.get("code") for each in (one.get("clinicalStatus") or {}).get("coding") or ()}
        refuted = {each.get("code") for each in (one.get("verificationStatus") or {}).get("coding") or ()}
        if ended & {"inactive", "resolved"} or refuted & {"refuted", "entered-in-error"}:
            continue
        if any(product.atc.startswith(prefix) for prefix in _forbidden(one)):
            ref = (f"AllergyIntolerance/{one['id']}",) if "id" in one else ()
            found.append(Warning(Cause.ALLERGY, Severity.SERIOUS, _said(one.get("code") or {}), refs=ref))
    return found


def _said(concept: Json) -> str:
    coded = next((str(one["display"]) for one in concept.get("coding") or () if one.get("display")), "")
    return str(concept.get("text") or coded)


def _forbidden(allergy: Json) -> set[str]:
    """The beginnings of ATC codes that an allergy forbids: its own code, and those of its words."""
    concepts = [allergy.get("code") or {}, *((one.get("substance") or {}) for one in allergy.get("reaction") or ())]
    codings = [coding for concept in concepts for coding in concept.get("coding") or ()]
    found = {str(one["code"]) for one in codings if one.get("system") == ATC and one.get("code")}
    said = " ".join(
        [*(str(one.get("text", "")) for one in concepts), *(str(one.get("display", "")) for one in codings)]
    )
    for rule in _rules()["allergy"]:
        if any(word in said.casefold() for word in rule["words"]):
            found |= set(rule["atc"])
    return found


def _together(product: Product, one: Taken) -> list[Warning]:
    if not one.atc:
        return []
    ref = (one.ref,)
    if one.atc == product.atc:
        return [Warning(Cause.DUPLICATE, Severity.SERIOUS, one.name, refs=ref)]
    found = [
        Warning(Cause.INTERACTION, Severity(rule["severity"]), one.name, {key: rule[key] for key in LANGUAGES}, ref)
        for rule in _rules()["interaction"]
        if _meets(rule, product.atc, one.atc) or _meets(rule, one.atc, product.atc)
    ]  # fmt: skip
    if one.atc[:GROUP] == product.atc[:GROUP] and len(one.atc) >= GROUP:
        found.append(Warning(Cause.GROUP, Severity.NOTE, one.name, refs=ref))
    return found


def _meets(rule: Json, first: str, second: str) -> bool:
    return first.startswith(rule["one"]) and second.startswith(rule["other"])


@cache
def _rules() -> Mapping[str, Sequence[Json]]:
    return tomllib.loads((resources.files(__package__) / "data" / "checks.toml").read_text("utf-8"))
