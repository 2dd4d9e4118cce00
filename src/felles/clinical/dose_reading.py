"""Dosages read from words: bokmål, nynorsk, English, and the short forms that people type ("1x3", "1 tbl v/b"). Pure.

Nothing is guessed and nothing left out: what is not understood is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from decimal import Decimal

from felles.clinical.dose import Dose, written
from felles.clinical.dose_words import AS_NEEDED, DAYS, EVERY, LANGUAGES, LONG, PARTS, UNITS

Match = re.Match[str]
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_COUNT = {"én": 1, "ein": 1, "en": 1, "one": 1, "to": 2, "two": 2, "tre": 3, "three": 3, "fire": 4, "four": 4}
_N = "|".join((r"\d+", *_COUNT))
_AND = r"(?:\s*(?:,|og|and|/)\s*)"
_DAY_WORDS, _PART_WORDS = "|".join(DAYS), "|".join(PARTS)
_CLOCK = r"\d{1,2}(?:[:.]\d{2})?"
_DAILY = r"daglig|dagleg|daily|om dagen|i døgnet|per dag|per døgn|hver dag|kvar dag|every day|a day"
_WEEKLY = r"i uken|i uka|i veka|per uke|per veke|ukentlig|weekly|a week"
_MONTHLY = r"i måneden|i månaden|per måned|månedlig|monthly|a month"
_PER = rf"(?:(?P<d>{_DAILY})|(?P<wk>{_WEEKLY})|(?P<mo>{_MONTHLY}))\b"
_TIMES = r"(?:gang(?:er)?|gong(?:er)?|times?)"
_MOST = r"inntil|up to|maks|maksimalt|max"
_CAUSE = rf"(?:\s+(?!{LONG}\b)(?:mot|for|against)\s+(?P<why>.+?)(?=$|\s+{LONG}\b|[,;]|\s+(?:{_MOST})\b))?"


class Unreadable(ValueError):
    """What could not be read of a dosage. `part`: the words that were not understood; "–": something is missing."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


def parsed(text: str) -> Dose:
    """The structure of words. Raises Unreadable with what was not understood."""
    rest = re.sub(r"(\d*)½", lambda half: f"{half[1] or 0},5", " ".join(text.split()))
    begin = re.match(rf"{_NUMBER}(?:\s*[-–]\s*{_NUMBER})?\s*([^\W\d_]+)?\s*", rest)
    if begin is None:
        raise Unreadable(text.strip() or "–")
    word = (begin[3] or "").casefold()
    if word and word != "x" and word not in UNITS:
        raise Unreadable(begin[3])
    amount, most = _number(begin[1]), _number(begin[2]) if begin[2] else None
    if amount <= 0 or (most is not None and most <= amount):
        raise Unreadable(begin[0].strip())
    return _read(
        Dose(amount, UNITS.get(word, ""), most), rest[begin.start(3) :] if word == "x" else rest[begin.end() :]
    )


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _read(dose: Dose, rest: str) -> Dose:
    said: set[str] = set()
    while rest := rest.strip(" ,.;"):
        for name, pattern, take in _READERS:
            found = pattern.match(rest)
            if found and name not in said:
                dose, rest = take(dose, found), rest[found.end() :]
                said.add(name)
                break
        else:
            raise Unreadable(rest)
    if not said - {"long"}:
        raise Unreadable("–")
    return _whole(dose, said)


def _whole(dose: Dose, said: set[str]) -> Dose:
    """What follows from what was said: two times of day are twice daily, a weekday is weekly. Raises Unreadable for
    what cannot both hold."""
    if dose.needed or "limit" in said:
        limit = dose.limit or (dose.frequency if "often" in said else 0)
        return replace(dose, needed=True, limit=limit, frequency=1, period=1, each="d")
    if said & {"often", "every"}:
        daily = dose.at and not dose.days and (dose.each, dose.period) == ("d", 1)
        if daily and dose.frequency != len(dose.at):
            raise Unreadable(written(dose))
        return dose
    if dose.days:
        return replace(dose, frequency=max(1, len(dose.at)) * len(dose.days), each="wk")
    return replace(dose, frequency=max(1, len(dose.at)))


def _count(text: str | None) -> int:
    return _COUNT.get((text or "1").casefold()) or int(text or 1)


def _often(dose: Dose, found: Match) -> Dose:
    each = next((one for one in ("wk", "mo") if found[one]), "d")
    return replace(dose, frequency=_count(found["n"]), each=each)


def _crossed(dose: Dose, found: Match) -> Dose:
    return replace(dose, frequency=_count(found["n"]))


def _every(dose: Dose, found: Match) -> Dose:
    return replace(dose, period=int(found["k"]), each=EVERY[found["w"].casefold()])


def _other(dose: Dose, found: Match) -> Dose:
    return replace(dose, period=2, each=EVERY[found["w"].casefold()])


def _at(dose: Dose, found: Match) -> Dose:
    clocks = [(int(hour), int(minute or 0)) for hour, minute in re.findall(r"(\d{1,2})(?:[:.](\d{2}))?", found[0])]
    if any(hour > 23 or minute > 59 for hour, minute in clocks):
        raise Unreadable(found[0])
    return replace(dose, at=tuple(sorted({time(*one) for one in clocks})))


def _parts(dose: Dose, found: Match) -> Dose:
    words = re.findall(rf"\b(?:{_PART_WORDS})\b", found[0].casefold())
    return replace(dose, at=tuple(sorted({PARTS[one] for one in words})))


def _days(dose: Dose, found: Match) -> Dose:
    named = {DAYS[one] for one in re.findall(_DAY_WORDS, found[0].casefold())}
    return replace(dose, days=tuple(one for one in LANGUAGES["nb"] if one in named))


def _limit(dose: Dose, found: Match) -> Dose:
    return replace(dose, limit=_count(found["n"]))


def _needed(dose: Dose, found: Match) -> Dose:
    return replace(dose, needed=True, why=(found["why"] or "").strip())


def _long(dose: Dose, found: Match) -> Dose:
    number = re.search(r"\d+", found[0])
    return replace(dose, length=int(number[0]) if number else 1)


_READERS: tuple[tuple[str, re.Pattern[str], Callable[[Dose, Match], Dose]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE), take)
    for name, pattern, take in (
        ("limit", rf"(?:{_MOST})\s+(?P<n>{_N})\s+{_TIMES}\s*(?:{_DAILY})?", _limit),
        ("every", rf"(?:hver|hvert|kvar|kvart|every)\s+(?P<k>[1-9]\d*)\.?\s*(?P<w>{'|'.join(EVERY)})\b", _every),
        ("every", rf"(?:annenhver|annankvar|annakvart|every other)\s+(?P<w>{'|'.join(EVERY)})\b", _other),
        ("often", rf"x\s*(?P<n>[1-9]\d*)\b(?:\s*(?:{_DAILY})\b)?", _crossed),
        ("often", rf"(?P<n>{_N})\s+{_TIMES}(?:\s+{_PER})?", _often),
        ("often", rf"(?P<n>(?!)x)?{_PER}", _often),
        ("at", rf"(?:kl\.?|klokka|at)\s*{_CLOCK}(?:{_AND}{_CLOCK})*", _at),
        ("at", rf"(?:om\s+|in the\s+)?(?:{_PART_WORDS})\b(?:{_AND}(?:{_PART_WORDS})\b)*", _parts),
        ("on", rf"(?:på\s|on\s|hver\s|kvar\s|every\s)?\s*(?:{_DAY_WORDS})\b(?:{_AND}(?:{_DAY_WORDS})\b)*", _days),
        ("needed", rf"(?:{AS_NEEDED})\b{_CAUSE}", _needed),
        ("long", LONG, _long),
    )
)
