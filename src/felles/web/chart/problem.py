"""Problems and diagnoses (FHIR R4 Condition): what is going on now, then what has been."""

from collections.abc import Iterable
from dataclasses import dataclass

from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.text import Resource, code_of, coded

OVER = ("inactive", "remission", "resolved")
SYSTEMS = {
    "urn:oid:2.16.578.1.12.4.1.1.7110": "ICD-10",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "urn:oid:2.16.578.1.12.4.1.1.7170": "ICPC-2",
    "http://hl7.org/fhir/sid/icpc-2": "ICPC-2",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem; the same code met many times is shown once, with its first onset."""

    name: str
    code: str
    onset: Moment | None
    ended: Moment | None
    active: bool


def _code(condition: Resource) -> str:
    codings = condition.get("code", {}).get("coding", ())
    known = [str(c["code"]) for c in codings if c.get("system") in SYSTEMS and c.get("code")]
    return known[0] if known else ""


def _view(condition: Resource) -> Problem:
    onset = condition.get("onsetDateTime") or condition.get("onsetPeriod", {}).get("start")
    return Problem(
        name=coded(condition.get("code")),
        code=_code(condition),
        onset=parse_moment(onset or condition.get("recordedDate")),
        ended=parse_moment(condition.get("abatementDateTime")),
        active=code_of(condition.get("clinicalStatus")) not in OVER,
    )


def _current(condition: Resource) -> bool:
    return code_of(condition.get("verificationStatus")) not in ("refuted", "entered-in-error")


def _newest_first(problem: Problem) -> float:
    return -problem.onset.at.timestamp() if problem.onset else 0.0


def problem_views(conditions: Iterable[Resource]) -> list[Problem]:
    """Active before past, newest onset first, one row for each code."""
    views = sorted((_view(c) for c in conditions if _current(c)), key=lambda p: (not p.active, -_newest_first(p)))
    once: dict[str, Problem] = {}
    for view in views:
        once.setdefault(view.code or view.name, view)
    return sorted(once.values(), key=lambda p: (not p.active, _newest_first(p)))
