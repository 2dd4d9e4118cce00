"""How likely two Patients are one person: evidence for and against, added up as weights. Pure.

After Fellegi and Sunter: each field adds the logarithm (base 2) of how much likelier its agreement is between records
of one person than of two. Grades: https://hl7.org/fhir/R4/valueset-match-grade.html.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from felles.record.identity.identifier import PERSONAL, PROVISIONAL, checked, in_force, key, keys
from felles.record.identity.name import alike, distance, names, plain
from felles.record.identity.person import is_estimated

PRIOR = -17.0
"""Of the records that a search brings up few are of the person: a number alone outweighs it, a birth date does not."""
PROBABLE, POSSIBLE = 0.9, 0.4
_DIGITS = str.maketrans("", "", " -+().")


@dataclass(frozen=True, slots=True)
class Score:
    """`value` 0 to 1 (Bundle.entry.search.score) and its grade."""

    value: float
    grade: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Weights by field; None where one of the two says nothing."""

    number: float | None
    given: float | None
    family: float | None
    birth: float | None
    gender: float | None
    place: float | None
    telecom: float | None

    @property
    def total(self) -> float:
        found = (self.number, self.given, self.family, self.birth, self.gender, self.place, self.telecom)
        return sum(weight for weight in found if weight is not None)


def compare(asked: Mapping[str, Any], known: Mapping[str, Any]) -> Score:
    """How likely `known` is the person that `asked` describes."""
    found = evidence(asked, known)
    value = 1 / (1 + 2.0 ** -max(-60.0, min(60.0, PRIOR + found.total)))
    return Score(round(value, 4), _grade(asked, known, found, value))


def evidence(asked: Mapping[str, Any], known: Mapping[str, Any]) -> Evidence:
    """The weights of all fields."""
    alikeness = alike(names(asked), names(known))
    return Evidence(
        number=_number(asked, known),
        given=_given(alikeness[0]) if alikeness else None,
        family=_family(alikeness[1]) if alikeness else None,
        birth=_birth(asked, known),
        gender=_gender(asked.get("gender"), known.get("gender")),
        place=_place(asked, known),
        telecom=_telecom(asked, known),
    )


def _grade(asked: Mapping[str, Any], known: Mapping[str, Any], found: Evidence, value: float) -> str:
    if _certain(asked, known, found):
        return "certain"
    if value >= PROBABLE and (found.given is None or found.given > 0):
        return "probable"
    return "possible" if value >= POSSIBLE else "certainly-not"


def _certain(asked: Mapping[str, Any], known: Mapping[str, Any], found: Evidence) -> bool:
    """A checked national number in common, something else that agrees, nothing that speaks against it.

    Names may change altogether, birth dates may not: a new surname is no contradiction, another given name is.
    """
    if not _shared_national(asked, known):
        return False
    against = [w for w in (found.given, found.birth, found.gender) if w is not None and w < 0]
    others = [w for w in (found.given, found.family, found.birth) if w is not None and w > 0]
    alone = not names(asked) and not asked.get("birthDate")
    return not against and (bool(others) or alone)


def _shared_national(asked: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    ours = {key(one) for one in asked.get("identifier", ()) if checked(one)}
    return bool(ours & keys(known.get("identifier", ())))


def _number(asked: Mapping[str, Any], known: Mapping[str, Any]) -> float | None:
    ours, theirs = asked.get("identifier", ()), known.get("identifier", ())
    if _shared_national(asked, known):
        return 25.0
    common = {one for one in keys(ours) & keys(theirs) if one[0]}
    if common:
        return 22.0 if any(system not in PROVISIONAL for system, _ in common) else 20.0
    mine, other = in_force(ours), in_force(theirs)
    pairs = [(a, b) for system in PERSONAL for a in mine.get(system, ()) for b in other.get(system, ())]
    if not pairs:
        return None
    return -2.0 if min(distance(a, b) for a, b in pairs) == 1 else -8.0


def _given(likeness: float) -> float | None:
    return None if likeness <= 0 else _weight(likeness, ((0.93, 6.0), (0.85, 5.0), (0.7, 2.5), (0.55, 0.0)), -5.0)


def _family(likeness: float) -> float | None:
    """A surname may have changed: little is lost by another one."""
    return None if likeness <= 0 else _weight(likeness, ((0.93, 7.0), (0.85, 5.5), (0.7, 2.5), (0.55, 0.0)), -1.5)


def _weight(likeness: float, steps: tuple[tuple[float, float], ...], otherwise: float) -> float:
    return next((weight for least, weight in steps if likeness >= least), otherwise)


def _birth(asked: Mapping[str, Any], known: Mapping[str, Any]) -> float | None:
    one, other = asked.get("birthDate"), known.get("birthDate")
    if not isinstance(one, str) or not isinstance(other, str):
        return None
    if is_estimated(asked) or is_estimated(known):
        return 1.0 if abs(int(one[:4]) - int(other[:4])) <= 10 else -3.0
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return {10: 12.0, 7: 8.0}.get(length, 4.0)
    return _slip(one, other) if length == 10 else -4.0


def _slip(one: str, other: str) -> float:
    """Two different days: digits that changed places, day and month exchanged, one digit wrong."""
    year, month, day = one.split("-")
    if other == f"{year}-{day}-{month}":
        return 8.0
    apart = distance(one.replace("-", ""), other.replace("-", ""))
    wrong = sum(a != b for a, b in zip(one, other, strict=True))
    if apart == 1:
        return 7.0 if wrong == 2 else 5.5
    return -1.0 if wrong == 2 else -6.0


def _gender(one: Any, other: Any) -> float | None:
    if not {one, other} <= {"male", "female"}:
        return None
    return 1.0 if one == other else -3.0


def _place(asked: Mapping[str, Any], known: Mapping[str, Any]) -> float | None:
    """Post codes, and the first line of addresses; people move, so that a difference says little."""
    ours, theirs = asked.get("address", ()), known.get("address", ())
    codes = [{one["postalCode"] for one in addresses if one.get("postalCode")} for addresses in (ours, theirs)]
    if not all(codes):
        return None
    lines = [{plain(line) for one in addresses for line in one.get("line", ())} for addresses in (ours, theirs)]
    if not codes[0] & codes[1]:
        return -0.5
    return 6.0 if lines[0] & lines[1] else 3.0


def _telecom(asked: Mapping[str, Any], known: Mapping[str, Any]) -> float | None:
    ours, theirs = _points(asked), _points(known)
    return None if not ours or not theirs else 6.0 if ours & theirs else 0.0


def _points(patient: Mapping[str, Any]) -> set[str]:
    """Telephone numbers by their last eight digits, other addresses in lower case."""
    found = set()
    for point in patient.get("telecom", ()):
        value = str(point.get("value", "")).casefold()
        digits = value.translate(_DIGITS)
        found.add(digits[-8:] if digits.isdigit() else value)
    return found - {""}
