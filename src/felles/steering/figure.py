"""The figures of steering: what each says, how it is counted, where the definition comes from, and its goal."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from felles.steering.fact import Kind

ALL = ""
"""The field that stands for all of them."""


@dataclass(frozen=True, slots=True)
class Count:
    """Facts of one kind, month and field, counted: how many, the sum of their values, how many are good, and how many
    have a value below a day and below a week (in hours)."""

    number: int = 0
    value: int = 0
    good: int = 0
    day: int = 0
    week: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.number + other.number, self.value + other.value, self.good + other.good, self.day + other.day,
            self.week + other.week,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """`title`, `definition` and `source` are bokmål, the pages translate. `part` is what is divided by the number of
    facts: a sum of days gives a mean (`days`), a number of facts a share in per cent. `low`: less is better."""

    code: str
    title: str
    kind: Kind
    part: Callable[[Count], int]
    definition: str
    source: str
    days: bool = False
    low: bool = True

    def of(self, count: Count) -> float | None:
        """Days or per cent; None where nothing has happened."""
        if not count.number:
            return None
        return self.part(count) / count.number * (1 if self.days else 100)


FIGURES: Sequence[Figure] = (
    Figure(
        "waited", "Ventetid til helsehjelpen begynte", Kind.BEGUN, lambda c: c.value,
        "Gjennomsnittlig antall kalenderdager fra ansiennitetsdato til ventetiden ble avsluttet med kode 1, for dem "
        "som begynte i måneden.",
        "Rundskriv IS-2331. Mål: Ventetidsløftet.", days=True,
    ),
    Figure(
        "begun-late", "Fristbrudd for dem som begynte", Kind.BEGUN, lambda c: c.number - c.good,
        "Andel av dem som begynte i måneden, der fristen for helsehjelp var passert.",
        "Pasient- og brukerrettighetsloven § 2-1 b og § 2-2.",
    ),
    Figure(
        "assessed-late", "Vurdert for sent", Kind.ASSESSED, lambda c: c.number - c.good,
        "Andel av henvisningene vurdert i måneden, der det gikk mer enn ti virkedager fra første mottak i "
        "spesialisthelsetjenesten.",
        "Pasient- og brukerrettighetsloven § 2-2.",
    ),
    Figure(
        "rejected", "Avslag", Kind.ANSWERED, lambda c: c.number - c.good,
        "Andel av henvisningene vurdert i måneden, der svaret var at pasienten ikke har rett til nødvendig helsehjelp.",
        "Utfall av vurdering i henvisningsperioden.",
    ),
    Figure(
        "missed", "Ikke møtt", Kind.VISIT, lambda c: c.number - c.good,
        "Andel av timene i måneden som ble møtt eller ikke møtt, der pasienten ikke kom.",
        "Timens status (Appointment.status noshow).",
    ),
    Figure(
        "epicrisis-day", "Epikrise innen én dag", Kind.DISCHARGED, lambda c: c.day,
        "Andel av dem som ble skrevet ut i måneden, der epikrisen ble signert innen 24 timer.",
        "Helsedirektoratets kvalitetsindikator for epikrisetid, regnet til signering.", low=False,
    ),
    Figure(
        "epicrisis-week", "Epikrise innen sju dager", Kind.DISCHARGED, lambda c: c.week,
        "Andel av dem som ble skrevet ut i måneden, der epikrisen ble signert innen sju dager.",
        "Helsedirektoratets kvalitetsindikator for epikrisetid, regnet til signering.", low=False,
    ),
)  # fmt: skip
BY_CODE: Mapping[str, Figure] = {one.code: one for one in FIGURES}


@dataclass(frozen=True, slots=True)
class Goal:
    """Since when, and by field or for ALL: days or per cent."""

    since: date
    values: Mapping[str, float]


@cache
def goals() -> Mapping[str, Sequence[Goal]]:
    """Figure → its goals, the latest first."""
    read = tomllib.loads((resources.files(__package__) / "data" / "goals.toml").read_text("utf-8"))
    found: dict[str, list[Goal]] = {}
    for row in sorted(read["goal"], key=lambda one: one["since"], reverse=True):
        values = {ALL if name == "any" else name: float(value) for name, value in row.items() if name not in _OTHER}
        found.setdefault(row["figure"], []).append(Goal(row["since"], values))
    return found


_OTHER = frozenset(("figure", "since"))


def goal(figure: str, field: str, day: date) -> float | None:
    """The goal that holds on a day; None where there is none, as for the mean of several fields."""
    for one in goals().get(figure, ()):
        if one.since <= day:
            return one.values.get(field, one.values.get(ALL))
    return None
