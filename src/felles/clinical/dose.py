"""A dosage as structure, which is the truth, and as words, which are made from it and read back to the same
(FHIR R4 Dosage, https://hl7.org/fhir/R4/dosage.html). Pure.

Words are written in bokmål, nynorsk or English; dose_reading.py reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any

from felles.clinical.dose_words import LANGUAGES, TEXTS, unit_word

Json = dict[str, Any]
PER_DAY = {"h": 24.0, "d": 1.0, "wk": 1 / 7, "mo": 1 / 30}


@dataclass(frozen=True, slots=True)
class Dose:
    """`amount` to `most` of a `unit`, `frequency` times every `period` `each` (h, d, wk, mo), at times of day, on days
    of the week (FHIR's mon to sun). `needed`: only when there is cause, `why`; then `limit` times a day at most.
    `length`: days, 0 for until it is stopped."""

    amount: Decimal
    unit: str
    most: Decimal | None = None
    frequency: int = 1
    period: int = 1
    each: str = "d"
    at: tuple[time, ...] = ()
    days: tuple[str, ...] = ()
    needed: bool = False
    why: str = ""
    limit: int = 0
    length: int = 0

    @property
    def daily(self) -> float:
        """How many times in a day at most, on average over a week; 0 where nothing says so."""
        if self.needed and self.limit:
            return float(self.limit)
        if self.days:
            return max(1, len(self.at)) * len(self.days) / 7
        often = max(self.frequency, len(self.at))
        return 0.0 if self.needed and not self.limit else often * PER_DAY[self.each] / self.period

    def resource(self, route: str = "") -> Json:
        """As FHIR Dosage, with its words in bokmål."""
        low, unit = _plain(self.amount), {"unit": self.unit}
        if self.most is not None:
            quantity: Json = {
                "doseRange": {"low": {"value": low, **unit}, "high": {"value": _plain(self.most), **unit}}
            }
        else:
            quantity = {"doseQuantity": {"value": low, **unit}}
        needed: Json = {"asNeededCodeableConcept": {"text": self.why}} if self.why else {"asNeededBoolean": True}
        repeat = self._repeat()
        return {
            "text": written(self),
            **({"timing": {"repeat": repeat}} if repeat else {}),
            **(needed if self.needed else {}),
            **({"route": {"text": route}} if route else {}),
            "doseAndRate": [quantity],
        }

    def _repeat(self) -> Json:
        made: Json = {"period": self.period, "periodUnit": self.each}
        if self.needed:
            made = {"frequencyMax": self.limit, "period": 1, "periodUnit": "d"} if self.limit else {}
        else:
            made["frequency"] = self.frequency
        if self.days:
            made["dayOfWeek"] = list(self.days)
        if self.at:
            made["timeOfDay"] = [f"{one:%H:%M:%S}" for one in self.at]
        if self.length:
            made["boundsDuration"] = {
                "value": self.length, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d",
            }  # fmt: skip
        return made


def of(held: Mapping[str, Any]) -> Dose | None:
    """The structure of a FHIR Dosage; None where it has none that can be told in full."""
    rates = held.get("doseAndRate") or ()
    amounts: Json = next(iter(rates), {})
    low = amounts.get("doseQuantity") or (amounts.get("doseRange") or {}).get("low") or {}
    high = (amounts.get("doseRange") or {}).get("high") or {}
    repeat = (held.get("timing") or {}).get("repeat") or {}
    why = str((held.get("asNeededCodeableConcept") or {}).get("text", ""))
    needed = bool(why) or held.get("asNeededBoolean") is True
    bounds = repeat.get("boundsDuration") or {}
    if "value" not in low or not low.get("unit") or len(rates) > 1 or not _told(held, repeat, needed=needed):
        return None
    each = "d" if needed else str(repeat.get("periodUnit", "d"))
    return Dose(
        Decimal(str(low["value"])), str(low["unit"]), Decimal(str(high["value"])) if "value" in high else None,
        1 if needed else int(repeat.get("frequency", 1)), 1 if needed else int(repeat.get("period", 1)), each,
        tuple(time.fromisoformat(str(one)) for one in repeat.get("timeOfDay") or ()),
        tuple(map(str, repeat.get("dayOfWeek") or ())), needed, why,
        int(repeat.get("frequencyMax") or repeat.get("frequency") or 0) if needed else 0,
        int(bounds["value"]) if bounds.get("code") == "d" else 0,
    )  # fmt: skip


_WHOLE = frozenset(
    ("id", "text", "timing", "asNeededBoolean", "asNeededCodeableConcept", "route", "doseAndRate", "sequence")
)
_REPEAT = frozenset(("frequency", "frequencyMax", "period", "periodUnit", "timeOfDay", "dayOfWeek", "boundsDuration"))


def _told(held: Mapping[str, Any], repeat: Mapping[str, Any], *, needed: bool) -> bool:
    """Whether a Dosage says nothing that a Dose cannot hold: what it would leave out is never left out silently."""
    period, bounds = repeat.get("period", 1), repeat.get("boundsDuration") or {}
    numbers = (period, repeat.get("frequency", 1), repeat.get("frequencyMax", 1), bounds.get("value", 1))
    if not held.keys() <= _WHOLE or not repeat.keys() <= _REPEAT or (held.get("timing") or {}).keys() - {"repeat"}:
        return False
    if any(not isinstance(one, (int, float)) or one < 1 or one != int(one) for one in numbers):
        return False
    each = repeat.get("periodUnit", "d")
    if each not in PER_DAY or (bounds and bounds.get("code") != "d"):
        return False
    return (period, each) == (1, "d") if needed else "frequencyMax" not in repeat


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _spoken(number: Decimal, language: str) -> str:
    text = f"{number.normalize():f}"
    return text if language == "en" else text.replace(".", ",")


def written(dose: Dose, language: str = "nb") -> str:
    """The words of a dosage: `2 tabletter inntil 4 ganger daglig ved behov mot smerter i 7 dager`."""
    words = TEXTS[language]
    many = dose.most if dose.most is not None else dose.amount
    amount = _spoken(dose.amount, language) + (f"–{_spoken(dose.most, language)}" if dose.most is not None else "")
    parts = [amount, unit_word(dose.unit, many, language), *_rhythm(dose, language)]
    if dose.needed:
        parts += [words["limit"].format(n=dose.limit, times=_times(dose.limit, language))] if dose.limit else []
        parts += [words["needed"]] + ([words["against"].format(why=dose.why)] if dose.why else [])
    if dose.length:
        parts.append(words["day"] if dose.length == 1 else words["days"].format(n=dose.length))
    return " ".join(parts)


def _times(n: int, language: str) -> str:
    return TEXTS[language]["time" if n == 1 else "times"]


def _rhythm(dose: Dose, language: str) -> list[str]:
    words, parts = TEXTS[language], []
    plain = dose.frequency == len(dose.at) and dose.period == 1 and dose.each == "d"
    if not dose.needed and not (dose.at and plain):
        parts.append(_often(dose, language))
    if dose.days:
        parts.append(words["on"].format(days=_listed([LANGUAGES[language][one] for one in dose.days], language)))
    if dose.at:
        clocks = [f"{one:%H}" if one.minute == 0 else f"{one:%H:%M}" for one in dose.at]
        parts.append(words["at"].format(clocks=_listed(clocks, language)))
    return parts


def _often(dose: Dose, language: str) -> str:
    words, n = TEXTS[language], dose.frequency
    many = {"n": n, "times": _times(n, language)}
    if dose.period == 1 and dose.each in ("d", "wk", "mo"):
        return words[f"per {dose.each}"].format(**many)
    every = words[f"every {dose.each}"].format(k=dose.period)
    return every if n == 1 else f"{words['often'].format(**many)} {every}"


def _listed(some: list[str], language: str) -> str:
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} {TEXTS[language]['and']} {some[-1]}"
