"""Measurements at the bedside: read as people paste them, with NEWS2 computed (Royal College of Physicians, 2017).
Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

Json = dict[str, Any]
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


class Mind(StrEnum):
    """Level of consciousness (ACVPU): alert, new confusion, to voice, to pain, unresponsive."""

    ALERT = "A"
    CONFUSED = "C"
    VOICE = "V"
    PAIN = "P"
    NONE = "U"


@dataclass(frozen=True, slots=True)
class Sign:
    """A number that is measured: LOINC, UCUM unit, unit as shown, decimals, the least and most that a person can have,
    and the letters by which it may be named where it is pasted."""

    code: str
    name: str
    ucum: str
    unit: str
    decimals: int
    least: Decimal
    most: Decimal
    marks: tuple[str, ...]


def _sign(code: str, name: str, ucum: str, unit: str, decimals: int, span: tuple[str, str], *marks: str) -> Sign:
    return Sign(code, name, ucum, unit, decimals, Decimal(span[0]), Decimal(span[1]), marks)


SIGNS: Mapping[str, Sign] = {
    "systolic": _sign("8480-6", "Systolisk blodtrykk", "mm[Hg]", "mmHg", 0, ("30", "300")),
    "diastolic": _sign("8462-4", "Diastolisk blodtrykk", "mm[Hg]", "mmHg", 0, ("10", "200")),
    "pulse": _sign("8867-4", "Puls", "/min", "slag/min", 0, ("15", "300"), "p", "puls", "hr"),
    "breaths": _sign("9279-1", "Respirasjon", "/min", "/min", 0, ("3", "80"), "r", "rf", "resp", "rr"),
    "saturation": _sign("59408-5", "SpO₂", "%", "%", 0, ("40", "100"), "s", "sat", "spo2"),
    "temperature": _sign("8310-5", "Temperatur", "Cel", "°C", 1, ("25", "44"), "t", "temp"),
    "oxygen": _sign("3151-8", "Oksygen", "L/min", "l/min", 1, ("0", "80"), "o2"),
}
"""By the names that forms use."""
SEQUENCE = ("pulse", "breaths", "saturation", "temperature")
"""What bare numbers are, in this order."""
PRESSURE = "85354-9"


class Unreadable(ValueError):
    """What could not be read of pasted measurements. `part`: the words."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@dataclass(frozen=True, slots=True)
class Taken:
    """One set of measurements. `numbers` by the names of SIGNS; `scale2`: SpO₂ is judged on the scale for hypercapnic
    respiratory failure."""

    numbers: Mapping[str, Decimal]
    mind: Mind | None = None
    scale2: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """A NEWS2 score: its total, each part's points, and the risk: "low", "low-medium" (one part alone gives 3),
    "medium" or "high"."""

    total: int
    points: Mapping[str, int]

    @property
    def risk(self) -> str:
        if self.total >= 7:
            return "high"
        if self.total >= 5:
            return "medium"
        return "low-medium" if 3 in self.points.values() else "low"


def number(name: str, text: str) -> Decimal:
    """A number as it was typed. Raises Unreadable for what is none, or what no person can have."""
    sign = SIGNS[name]
    try:
        found = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise Unreadable(text.strip()) from None
    if not found.is_finite() or not sign.least <= found <= sign.most:
        raise Unreadable(text.strip())
    return round(found, sign.decimals)


def pasted(text: str) -> Taken:
    """Measurements from words such as `120/80 72 16 98 37,0`, `BT 120/80 P72 RF16 SpO2 98 T37 A 2l`. Bare numbers are
    pulse, respiration, SpO₂ and temperature, in that order. Raises Unreadable with the part that was not understood."""
    found: dict[str, Decimal] = {}
    mind: Mind | None = None
    left = list(SEQUENCE)
    for part in _parts(text):
        pair = re.fullmatch(r"(?:bt|bp|rr)?(\d{2,3})/(\d{2,3})", part, re.IGNORECASE)
        if pair:
            _put(found, "systolic", pair[1], part)
            _put(found, "diastolic", pair[2], part)
        elif part.upper() in set(Mind):
            mind = Mind(part.upper())
        else:
            _one(found, left, part)
    if not found and mind is None:
        raise Unreadable(text.strip() or "–")
    if "systolic" in found and found["diastolic"] >= found["systolic"]:
        raise Unreadable(f"{found['systolic']}/{found['diastolic']}")
    return Taken(found, mind)


def _parts(text: str) -> list[str]:
    """Words, a name and the number after it as one."""
    marks = {"bt", "bp", *(mark for sign in SIGNS.values() for mark in sign.marks)}
    names = "|".join(sorted(marks, key=len, reverse=True))
    joined = re.sub(rf"(?i)(?<!\S)({names})[\s:=]+(?=\d)", r"\1", " ".join(text.replace(";", " ").split()))
    return re.sub(r"(\d)\s*(?:%|°c?)(?=\s|$)", r"\1", joined, flags=re.IGNORECASE).split()


def _one(found: dict[str, Decimal], left: list[str], part: str) -> None:
    oxygen = re.fullmatch(r"(?:o2)?(\d+(?:[.,]\d)?)l", part, re.IGNORECASE)
    if oxygen:
        return _put(found, "oxygen", oxygen[1], part)
    told = re.fullmatch(r"([a-z]+2?)?(\d+(?:[.,]\d+)?)", part, re.IGNORECASE)
    if told is None:
        raise Unreadable(part)
    if told[1]:
        name = next((name for name, sign in SIGNS.items() if told[1].casefold() in sign.marks), "")
        if not name:
            raise Unreadable(part)
        return _put(found, name, told[2], part)
    open_ones = [name for name in left if name not in found]
    if not open_ones:
        raise Unreadable(part)
    name = "temperature" if re.search(r"[.,]", told[2]) and "temperature" in open_ones else open_ones[0]
    left[:] = left[left.index(name) + 1 :] if name == open_ones[0] else left
    return _put(found, name, told[2], part)


def _put(found: dict[str, Decimal], name: str, text: str, part: str) -> None:
    if name in found:
        raise Unreadable(part)
    try:
        found[name] = number(name, text)
    except Unreadable:
        raise Unreadable(part) from None


Steps = Sequence[tuple[str, int]]
_BREATHS: Steps = (("8", 3), ("11", 1), ("20", 0), ("24", 2), ("1000", 3))
_SCALE1: Steps = (("91", 3), ("93", 2), ("95", 1), ("100", 0))
_SCALE2_LOW: Steps = (("83", 3), ("85", 2), ("87", 1), ("92", 0))
_SCALE2_OXYGEN: Steps = (("94", 1), ("96", 2), ("100", 3))
_SYSTOLIC: Steps = (("90", 3), ("100", 2), ("110", 1), ("219", 0), ("1000", 3))
_PULSE: Steps = (("40", 3), ("50", 1), ("90", 0), ("110", 1), ("130", 2), ("1000", 3))
_TEMPERATURE: Steps = (("35.0", 3), ("36.0", 1), ("38.0", 0), ("39.0", 1), ("100", 2))


def _points(value: Decimal, steps: Steps) -> int:
    return next(points for upto, points in steps if value <= Decimal(upto))


def _saturation(taken: Taken) -> int:
    value = taken.numbers["saturation"]
    if not taken.scale2:
        return _points(value, _SCALE1)
    if value <= 92:
        return _points(value, _SCALE2_LOW)
    return _points(value, _SCALE2_OXYGEN) if taken.numbers.get("oxygen", Decimal(0)) > 0 else 0


PARTS: Mapping[str, Callable[[Taken], int]] = {
    "breaths": lambda taken: _points(taken.numbers["breaths"], _BREATHS),
    "saturation": _saturation,
    "oxygen": lambda taken: 2 if taken.numbers.get("oxygen", Decimal(0)) > 0 else 0,
    "systolic": lambda taken: _points(taken.numbers["systolic"], _SYSTOLIC),
    "pulse": lambda taken: _points(taken.numbers["pulse"], _PULSE),
    "mind": lambda taken: 0 if taken.mind is Mind.ALERT else 3,
    "temperature": lambda taken: _points(taken.numbers["temperature"], _TEMPERATURE),
}
NEEDED = frozenset(("breaths", "saturation", "systolic", "pulse", "temperature"))


def news(taken: Taken) -> News | None:
    """The score; None where a part is missing: a score of less than everything would be too low."""
    if not taken.numbers.keys() >= NEEDED or taken.mind is None:
        return None
    points = {name: judge(taken) for name, judge in PARTS.items()}
    return News(sum(points.values()), points)


def resources(taken: Taken, frame: Json) -> list[Json]:
    """The Observations of a set, `frame` holding what all have in common (subject, effectiveDateTime, performer)."""
    bedside, numbers = "vital-signs", taken.numbers
    made = [
        _observation(frame, bedside, _code(SIGNS[name].code, SIGNS[name].name), valueQuantity=_quantity(name, value))
        for name, value in numbers.items() if name not in _PAIR
    ]  # fmt: skip
    if "systolic" in numbers:
        parts = [
            {"code": _code(SIGNS[name].code, SIGNS[name].name), "valueQuantity": _quantity(name, numbers[name])}
            for name in _PAIR
        ]
        made.append(_observation(frame, bedside, _code(PRESSURE, "Blodtrykk"), component=parts))
    if taken.mind is not None:
        words = {"text": taken.mind.value}
        made.append(_observation(frame, bedside, _code("67775-7", "Bevissthet (ACVPU)"), valueCodeableConcept=words))
    score = news(taken)
    if score is not None:
        total = {"value": score.total, "unit": "poeng", "system": UCUM, "code": "{score}"}
        made.append(_observation(frame, "survey", NEWS2, valueQuantity=total))
    return made


_PAIR = ("systolic", "diastolic")
NEWS2: Json = {"coding": [{"system": "urn:felles:code", "code": "news2", "display": "NEWS2"}], "text": "NEWS2"}


def _observation(frame: Json, category: str, code: Json, **value: Any) -> Json:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    kind = [{"coding": [{"system": system, "code": category}]}]
    return {"resourceType": "Observation", "status": "final", "category": kind, "code": code, **frame, **value}


def _code(code: str, name: str) -> Json:
    return {"coding": [{"system": LOINC, "code": code}], "text": name}


def _quantity(name: str, value: Decimal) -> Json:
    sign = SIGNS[name]
    plain = float(value) if sign.decimals else int(value)
    return {"value": plain, "unit": sign.unit, "system": UCUM, "code": sign.ucum}
