"""The reviewed codes (at most 400), each with its Norwegian display text: data/codes/*.csv."""

import csv
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from felles.demo.resource import Json

VOLVEN = "urn:oid:2.16.578.1.12.4.1.1"
SYSTEMS = {
    "icd10": f"{VOLVEN}.7110",
    "icpc2": f"{VOLVEN}.7170",
    "atc": "http://www.whocc.no/atc",
    "nlk": f"{VOLVEN}.7280",
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
}
"""Name of the file under data/codes → system URI of its codes."""


def rows(name: str) -> list[dict[str, str]]:
    """The rows of data/`name`, a semicolon-separated table with a header."""
    content = files("felles.demo").joinpath("data", name).read_text("utf-8")
    return list(csv.DictReader(content.splitlines(), delimiter=";"))


@cache
def table(name: str) -> dict[str, Any]:
    """The content of data/`name`.toml."""
    return tomllib.loads(files("felles.demo").joinpath("data", f"{name}.toml").read_text("utf-8"))


@cache
def codes(system: str) -> dict[str, str]:
    """code → Norwegian display of one system of `SYSTEMS`."""
    return {row["code"]: row["display"] for row in rows(f"codes/{system}.csv")}


def coding(system: str, code: str) -> Json:
    """A Coding of a reviewed code; KeyError when the code is not among them."""
    return {"system": SYSTEMS[system], "code": code, "display": codes(system)[code]}


def concept(system: str, code: str, words: str | None = None) -> Json:
    """A CodeableConcept of a reviewed code, with its Norwegian text."""
    return {"coding": [coding(system, code)], "text": words or codes(system)[code]}
