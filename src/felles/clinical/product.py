"""What can be prescribed: one interface for a source of medicines, and a small open list that serves until FEST does.

The list is data (`data/medicines.toml`); it names common medicines to work with, and is no source of advice.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Protocol

from felles.clinical.dose import Dose

ATC = "http://www.whocc.no/atc"


@dataclass(frozen=True, slots=True)
class Product:
    """A medicine. `strength`: how much of what is in one `unit` of dose; `most`: the highest amount in a day for an
    adult, in that; `gap`: hours between two doses at least. `weekly`: never taken daily. `group`: reseptgruppe. `ward`:
    may be given after the ward's standing order. `usual`: dosages as words, the commonest first. `gtin`: the number on
    its package."""

    key: str
    atc: str
    name: str
    form: str
    unit: str
    strength: str
    route: str
    group: str
    usual: tuple[str, ...]
    weekly: bool = False
    ward: bool = False
    most: Decimal | None = None
    gap: int = 0
    gtin: str = ""

    @property
    def concept(self) -> dict[str, object]:
        """As FHIR CodeableConcept."""
        return {"coding": [{"system": ATC, "code": self.atc}], "text": f"{self.name} {self.form}".strip()}

    def amount(self, dose: Dose) -> Decimal | None:
        """The most that one dose holds, in the unit of the strength; None where its unit is not one of this
        medicine's."""
        much, _, unit = self.strength.partition(" ")
        count = dose.most if dose.most is not None else dose.amount
        if dose.unit in ("", self.unit):
            return count * Decimal(much)
        return count * _SCALE[dose.unit] / _SCALE[unit] if dose.unit in _SCALE and unit in _SCALE else None

    def per(self, other: Product) -> Decimal:
        """How many units of this strength one unit of another's is: mg and g; 0 where they cannot be compared."""
        mine, theirs = (one.strength.partition(" ")[2] for one in (self, other))
        if mine == theirs:
            return Decimal(1)
        return _SCALE[theirs] / _SCALE[mine] if mine in _SCALE and theirs in _SCALE else Decimal(0)


_SCALE: Mapping[str, Decimal] = {"g": Decimal(1000), "mg": Decimal(1), "mikrog": Decimal("0.001")}


class Source(Protocol):
    """Where medicines come from."""

    def product(self, key: str) -> Product | None: ...
    def find(self, text: str) -> Sequence[Product]: ...
    def same(self, atc: str) -> Sequence[Product]: ...
    def standing(self) -> Sequence[Product]: ...
    def packed(self, gtin: str) -> Product | None: ...


class List:
    """The open list."""

    def product(self, key: str) -> Product | None:
        """The medicine of a key."""
        return _list().get(key)

    def find(self, text: str) -> Sequence[Product]:
        """Those of which every word begins a word of the name, or of the ATC code."""
        words = text.casefold().split()
        return [one for one in _list().values() if words and all(_has(one, word) for word in words)]

    def same(self, atc: str) -> Sequence[Product]:
        """Those with a code."""
        return [one for one in _list().values() if one.atc == atc]

    def standing(self) -> Sequence[Product]:
        """Those that may be given after the ward's standing order."""
        return [one for one in _list().values() if one.ward]

    def packed(self, gtin: str) -> Product | None:
        """The medicine in a package with a number (GTIN, 14 digits)."""
        return next((one for one in _list().values() if one.gtin.zfill(14) == gtin.zfill(14)), None)


SOURCE: Source = List()
"""The source in use."""


def like(atc: str, name: str, unit: str) -> Product:
    """A medicine that is known by its code, name and unit of dose alone: the listed one of that name, else one that
    takes its strength from the name and its limits from the listed ones with the same code."""
    same = SOURCE.same(atc)
    for one in same:
        if name.casefold().startswith(one.name.casefold()) and unit in ("", one.unit):
            return one
    told = re.search(r"(\d+(?:[.,]\d+)?)\s*(mg|g|mikrog|E|IE)\b", name)
    measured = unit in _SCALE or unit in ("E", "IE")
    strength = f"{told[1].replace(',', '.')} {told[2]}" if told and not measured else f"1 {unit or 'dose'}"
    first = next((one for one in same if one.strength.partition(" ")[2] == strength.partition(" ")[2]), None)
    most, gap = (first.most, first.gap) if first else (None, 0)
    weekly, group = any(one.weekly for one in same), same[0].group if same else "C"
    return Product("", atc, name, "", unit or "dose", strength, "", group, (), weekly, most=most, gap=gap)


def _has(one: Product, word: str) -> bool:
    return one.atc.casefold().startswith(word) or any(part.startswith(word) for part in one.name.casefold().split())


@cache
def _list() -> Mapping[str, Product]:
    read = tomllib.loads((resources.files(__package__) / "data" / "medicines.toml").read_text("utf-8"))
    made = [
        Product(**{**row, "usual": tuple(row["usual"]), "most": Decimal(row["most"]) if "most" in row else None})
        for row in read["medicine"]
    ]
    return {one.key: one for one in made}
