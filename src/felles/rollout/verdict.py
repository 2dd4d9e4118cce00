"""What a gate answers, computed from sealed evidence and nothing else: the same evidence gives the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from math import sqrt

import msgspec

from felles.rollout.criterion import Criterion, Gate, criteria


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A criterion as it was counted at a unit on a day: `part` of `whole`; `value` where it is neither share nor count;
    `newest`: the last event that was seen; `groups`: the same by kind and counterpart; `rows`: a hash over the opaque
    ids of what was counted as `part`, and `sample` the first of them."""

    criterion: str
    unit: str
    taken: date
    part: int
    whole: int
    value: float | None = None
    newest: date | None = None
    groups: dict[str, tuple[int, int]] = {}
    rows: str = ""
    sample: tuple[str, ...] = ()

    def measured(self) -> float | None:
        """The value that is held against the limit; None where nothing was counted."""
        if self.value is not None:
            return self.value
        return self.part / self.whole if self.whole else None

    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of a share (Wilson, 1927); None of what is no share."""
        if self.value is not None or not self.whole:
            return None
        share, number, z = self.part / self.whole, self.whole, 1.96
        middle = share + z * z / (2 * number)
        spread = z * sqrt(share * (1 - share) / number + z * z / (4 * number * number))
        below = 1 + z * z / number
        return max(0.0, (middle - spread) / below), min(1.0, (middle + spread) / below)


class Light(StrEnum):
    """Green, red, or red since the evidence is missing, too little or too old."""

    GREEN = "green"
    RED = "red"
    STALE = "stale"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate answers of a unit, why, and the seal over the evidence that it rests on."""

    unit: str
    step: str
    taken: date
    go: bool
    hard: dict[str, Light]
    scored: dict[str, Light]
    score: float
    needed: float
    readings: tuple[Reading, ...]
    seal: str

    @property
    def red(self) -> list[str]:
        """The hard criteria that stop it, in the order of the file."""
        return [key for key in criteria() if self.hard.get(key, Light.GREEN) is not Light.GREEN]

    def lights(self) -> list[tuple[str, Light]]:
        """Each criterion that was asked for, the hard ones first."""
        return [(key, lights[key]) for lights in (self.hard, self.scored) for key in criteria() if key in lights]


def light(criterion: Criterion, reading: Reading | None, on: date) -> Light:
    """What a reading says on a day."""
    if reading is None or reading.newest is None or reading.whole < criterion.least:
        return Light.STALE
    if (on - reading.newest).days > criterion.fresh or reading.newest > on:
        return Light.STALE
    value = float(reading.part) if criterion.unit == "count" else reading.measured()
    return Light.GREEN if value is not None and value <= criterion.limit else Light.RED


def answered(gate: Gate, unit: str, source: str, readings: Sequence[Reading], on: date) -> Answer:
    """The answer of a gate. Any red hard criterion means no; so does too little of what is scored."""
    found = {(reading.criterion, reading.unit): reading for reading in readings}
    used: list[Reading] = []

    def lit(key: str) -> Light:
        criterion = criteria()[key]
        reading = found.get((key, source if criterion.at == "source" else unit))
        if reading is not None:
            used.append(reading)
        return light(criterion, reading, on)

    hard = {key: lit(key) for key in gate.hard}
    scored = {key: lit(key) for key in gate.scored}
    weight = sum(gate.scored.values())
    score = sum(gate.scored[key] for key, each in scored.items() if each is Light.GREEN) / weight if weight else 1.0
    go = all(each is Light.GREEN for each in hard.values()) and score >= gate.needed
    return Answer(
        unit=unit, step=gate.step, taken=on, go=go, hard=hard, scored=scored, score=score, needed=gate.needed,
        readings=tuple(used), seal=sealed(used),
    )  # fmt: skip


def sealed(readings: Sequence[Reading]) -> str:
    """SHA-256 over evidence, whatever its order."""
    told = sorted(msgspec.json.encode(each, order="deterministic") for each in readings)
    return hashlib.sha256(b"\n".join(told)).hexdigest()


def again(answer: Answer, gate: Gate, source: str) -> Answer:
    """The answer computed once more from the evidence that it carries. ValueError where the evidence is not what was
    sealed."""
    if sealed(answer.readings) != answer.seal:
        raise ValueError(f"the evidence of {answer.unit} at {answer.step} is not what was sealed")
    return answered(gate, answer.unit, source, answer.readings, answer.taken)


def words(criterion: Criterion, reading: Reading | None) -> str:
    """A reading as people read it: `112 av 1204 (9,3 %)`."""
    if reading is None or not reading.whole:
        return "ingen data"
    if criterion.unit == "ratio":
        return f"{reading.value or 0:.2f}".replace(".", ",") + f" ganger ({reading.part} mot {reading.whole} svar)"
    if criterion.unit == "count":
        return f"{reading.part} av {reading.whole}"
    return f"{reading.part} av {reading.whole} ({100 * reading.part / reading.whole:.1f} %)".replace(".", ",")


def reds(answers: Mapping[str, Answer]) -> list[str]:
    """The criteria that stop anybody, each once, in the order of the file."""
    stopped = {key for answer in answers.values() for key in answer.red}
    return [key for key in criteria() if key in stopped]
