"""Names and addresses: people by origin, birth and sex; streets that are nowhere."""

from dataclasses import dataclass
from random import Random
from typing import Any

from felles.demo.code import table
from felles.demo.place import Municipality
from felles.demo.resource import Json


@dataclass(frozen=True, slots=True)
class Origin:
    """A group of names with its language (BCP 47) and how many of the group need an interpreter."""

    key: str
    language: str
    interpreter: float
    temporary: float


def _groups() -> dict[str, Any]:
    return {key: group for key, group in table("names").items() if key != "address"}


def origin(rng: Random, town: str) -> Origin:
    """A group drawn by weight; Sámi names are commoner in Snåsa and Røros."""
    groups = _groups()
    weights = [
        group["weight"] * (8 if key == "samisk" and town in ("snasa", "roros") else 1) for key, group in groups.items()
    ]
    key = rng.choices(list(groups), weights)[0]
    return origin_of(key)


def origin_of(key: str) -> Origin:
    """The group of this name."""
    group = _groups()[key]
    return Origin(key, group["language"], group["interpreter"], group["dnumber"])


def given(rng: Random, group: str, sex: str, age: int) -> str:
    """A given name that fits origin, sex and age; some have two."""
    era = "old" if age >= 65 else "mid" if age >= 30 else "young"
    names: list[str] = _groups()[group][f"{sex}_{era}"]
    first = rng.choice(names)
    second = rng.choice(names)
    return f"{first} {second}" if group == "norsk" and rng.random() < 0.25 and second != first else first


def family(rng: Random, group: str) -> str:
    """A family name of the origin."""
    names: list[str] = _groups()[group]["family"]
    return rng.choice(names)


def address(rng: Random, town: Municipality) -> Json:
    """An address in an invented street (Address, https://hl7.org/fhir/R4/datatypes.html#Address)."""
    words = table("names")["address"]
    street = rng.choice(words["stems"]) + rng.choice(words[f"endings_{town.language}"])
    return {
        "use": "home",
        "type": "both",
        "line": [f"{street} {rng.randint(1, 140)}"],
        "city": town.city,
        "district": town.name,
        "postalCode": town.postcode,
        "country": "NO",
    }
