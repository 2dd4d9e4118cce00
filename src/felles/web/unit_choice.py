"""Choosing a unit by its name: typed with suggestions, exact, or one of those that fit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from felles.web.chart.words import N_
from felles.web.referral_fault import Fault
from felles.web.source import decode
from felles.web.visit import visit_of

MOST = "1000"
SHOWN = 12
LEAST = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """`label` names it among all others."""

    id: str
    label: str


async def units(request: Request) -> list[Unit]:
    """Every unit that stands, by name."""
    asked = [("active:not", "false"), ("_count", MOST)]
    found = decode(await visit_of(request).record.search("Organization", asked))
    often = Counter(str(one.get("name")) for one in found)
    made = []
    for one in found:
        name, above = str(one.get("name") or one["id"]), str((one.get("partOf") or {}).get("display", ""))
        made.append(Unit(str(one["id"]), f"{name}, {above}" if often[name] > 1 and above else name))
    return sorted(made, key=lambda one: one.label.casefold())


def chosen(known: Sequence[Unit], form: Mapping[str, str]) -> list[Unit]:
    """The one that is meant; else those that might be, or none."""
    id, text = form.get("unit-id", ""), " ".join(form.get("unit", "").casefold().split())
    exact = [one for one in known if one.id == id] or [one for one in known if one.label.casefold() == text]
    if exact or len(text) < LEAST:
        return exact[:1]
    return [one for one in known if all(word in one.label.casefold() for word in text.split())][:SHOWN]


def fault(found: Sequence[Unit]) -> Fault:
    """What is wrong with a choice that is not one unit."""
    if found:
        return Fault("unit", N_("Flere enheter passer. Velg en av dem."))
    return Fault("unit", N_("Vi finner ingen enhet med det navnet som er i drift. Skriv minst tre bokstaver."))
