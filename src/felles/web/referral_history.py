"""What has happened to a referral, told from the versions of its period; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from felles.clerical.period import Period, Status
from felles.web.chart.words import N_
from felles.web.referral_list import coded


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a period, and when it was written (microseconds)."""

    period: Period
    moment: int


@dataclass(frozen=True, slots=True)
class Step:
    """`what` in bokmål with `about` in it; `by` "Practitioner/x", empty where it is not told; `unit` the one that has
    it from then on, where that changed; `number` of the version."""

    moment: int
    what: str
    about: str
    by: str
    words: str = ""
    unit: str = ""
    number: int = 0


def steps(versions: Sequence[Version], language: str) -> list[Step]:
    """The newest first; `versions` in order, the oldest first."""
    found: list[Step] = []
    for place, one in enumerate(versions):
        before = versions[place - 1].period if place else None
        found += [
            Step(one.moment, what, about, one.period.by, words, unit, one.period.version)
            for what, about, words, unit in _changes(before, one.period, language)
        ]
    return found[::-1]


_Change = tuple[str, str, str, str]


def _changes(before: Period | None, now: Period, language: str) -> Iterator[_Change]:
    if before is None:
        yield N_("Mottatt %(about)s"), written(now.received), "", now.unit
        if now.assessed is None:
            return
    elif before.unit != now.unit:
        yield N_("Sendt videre"), "", now.reason, now.unit
    if now.assessed and (before is None or before.assessed is None):
        yield _assessed(now)
    elif before is not None and before.deadline != now.deadline:
        yield N_("Fristen er endret til %(about)s"), written(now.deadline), now.reason, ""
    for one in now.postponed[len(before.postponed) if before else 0 :]:
        yield N_("Utsatt: %(about)s"), coded("postponement", one.code, language), one.words, ""
    if now.end and (before is None or before.end != now.end):
        yield N_("Ventetiden er slutt: %(about)s"), coded("end", now.end, language), "", ""
    if before is not None and now.status is Status.FINISHED is not before.status:
        yield N_("Avsluttet"), "", "", ""


def _assessed(now: Period) -> _Change:
    if now.outcome == "right":
        return N_("Vurdert: rett til helsehjelp innen %(about)s"), written(now.deadline), "", ""
    return N_("Vurdert: ikke rett til helsehjelp"), "", now.reason, ""


def written(day: date | None) -> str:
    """`14.03.2026`"""
    return f"{day:%d.%m.%Y}" if day else ""
