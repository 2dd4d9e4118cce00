"""The referral period (henvisningsperiode): what a referral leads to, from its receipt until its end.

It is a FHIR EpisodeOfCare of type `urn:felles:episode|referral-period`; what FHIR has no element for stands in the
extension `urn:felles:referral-period` (NPR's concepts, Rundskriv IS-2331). Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

EPISODE, KIND = "urn:felles:episode", "referral-period"
EXTENSION = "urn:felles:referral-period"
Json = dict[str, Any]


class Status(StrEnum):
    """RECEIVED: to be assessed. WAITING: has a right, care has not begun. ACTIVE: care has begun, the wait is over.
    FINISHED: all that was owed has been given. CANCELLED: ended without care, by assessment or otherwise. The values
    are those of EpisodeOfCare.status."""

    RECEIVED = "planned"
    WAITING = "waitlist"
    ACTIVE = "active"
    FINISHED = "finished"
    CANCELLED = "cancelled"


OPEN = frozenset((Status.RECEIVED, Status.WAITING))
"""The patient waits."""
STEPS: Mapping[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset((Status.WAITING, Status.ACTIVE, Status.CANCELLED)),
    Status.WAITING: frozenset((Status.RECEIVED, Status.ACTIVE, Status.CANCELLED)),
    Status.ACTIVE: frozenset((Status.WAITING, Status.FINISHED)),
    Status.FINISHED: frozenset((Status.ACTIVE,)),
    Status.CANCELLED: frozenset((Status.RECEIVED, Status.WAITING)),
}
"""What each may become; back again only to mend a mistake, which the versions show."""


@dataclass(frozen=True, slots=True)
class Postponement:
    """Utsettelse: on which day, its code (8446), and what was documented."""

    day: date
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Period:
    """References are "Type/id". `seniority` (ansiennitetsdato): the first receipt in the specialist service, which
    travels with the referral; `received` (mottattdato): the receipt here; `deadline` (frist): the last day on which
    care must begin. `reason`: why there is no right, or why the deadline was changed. `by`: "Practitioner/x" who made
    this version of it."""

    id: str
    patient: str
    unit: str
    referrals: tuple[str, ...]
    status: Status
    seniority: date
    received: date
    assessed: date | None = None
    outcome: str = ""
    deadline: date | None = None
    care: str = ""
    field: str = ""
    guide: str = ""
    reason: str = ""
    complaint: bool = False
    ended: date | None = None
    end: str = ""
    pathway: str = ""
    postponed: tuple[Postponement, ...] = ()
    by: str = ""
    version: int = 0

    def waited(self, today: date) -> int:
        """Waiting time (ventetid) in days, from the seniority date until the wait ended, or until today."""
        return ((self.ended or today) - self.seniority).days

    def late(self, today: date) -> bool:
        """Deadline breach (fristbrudd): care had not begun by the end of the deadline's day."""
        return self.deadline is not None and (self.ended or today) > self.deadline and self.status is not _CANCELLED


_CANCELLED = Status.CANCELLED
_DATES = ("seniority", "received", "assessed", "deadline", "ended")
_CODES = ("outcome", "care", "field", "guide", "end", "pathway")


def resource(period: Period) -> Json:
    """The EpisodeOfCare."""
    dates = [(name, found) for name in _DATES if (found := getattr(period, name)) is not None]
    inner: list[Json] = [{"url": name, "valueDate": found.isoformat()} for name, found in dates]
    inner += [{"url": name, "valueCode": found} for name in _CODES if (found := getattr(period, name))]
    inner += [{"url": "reason", "valueString": period.reason}] if period.reason else []
    inner += [{"url": "complaint", "valueBoolean": True}] if period.complaint else []
    inner += [_postponed(one) for one in period.postponed]
    inner += [{"url": "by", "valueReference": {"reference": period.by}}] if period.by else []
    last = {"end": period.ended.isoformat()} if period.ended and period.status is _CANCELLED else {}
    return {
        "resourceType": "EpisodeOfCare",
        "id": period.id,
        "extension": [{"url": EXTENSION, "extension": inner}],
        "status": period.status.value,
        "type": [{"coding": [{"system": EPISODE, "code": KIND}], "text": "Henvisningsperiode"}],
        "patient": {"reference": period.patient},
        "managingOrganization": {"reference": period.unit},
        "period": {"start": period.received.isoformat(), **last},
        "referralRequest": [{"reference": one} for one in period.referrals],
    }


def over(held: Json, period: Period) -> Json:
    """The next version of an EpisodeOfCare: what the period says, and whatever else stands there."""
    made = resource(period)
    others = [one for one in held.get("extension") or () if one.get("url") != EXTENSION]
    return {**held, **made, "extension": [*others, *made["extension"]]}


def _postponed(one: Postponement) -> Json:
    return {
        "url": "postponement",
        "extension": [
            {"url": "day", "valueDate": one.day.isoformat()},
            {"url": "code", "valueCode": one.code},
            {"url": "words", "valueString": one.words},
        ],
    }


def is_period(episode: Mapping[str, Any] | None) -> bool:
    """Whether an EpisodeOfCare is a referral period."""
    codings = (coding for one in (episode or {}).get("type") or () for coding in one.get("coding") or ())
    return any((one.get("system"), one.get("code")) == (EPISODE, KIND) for one in codings)


def of(episode: Mapping[str, Any]) -> Period:
    """The period of an EpisodeOfCare. Raises ValueError that says what is missing or wrong."""
    inner = _inner(episode.get("extension") or ())
    dates = {name: date.fromisoformat(one["valueDate"]) for name in _DATES for one in inner.get(name, ())}
    codes = {name: str(one.get("valueCode", "")) for name in _CODES for one in inner.get(name, ())}
    missing = [name for name in ("seniority", "received") if name not in dates]
    if missing or not episode.get("referralRequest") or "reference" not in (episode.get("managingOrganization") or {}):
        wanted = ", ".join([*missing, "referralRequest, managingOrganization"])
        raise ValueError(f"a referral period has {wanted}")
    found = Period(
        id=str(episode.get("id", "")),
        patient=str((episode.get("patient") or {}).get("reference")),
        unit=str(episode["managingOrganization"]["reference"]),
        referrals=tuple(str(one.get("reference")) for one in episode["referralRequest"]),
        status=Status(str(episode.get("status"))),
        seniority=dates["seniority"],
        received=dates["received"],
        reason=next((str(one.get("valueString", "")) for one in inner.get("reason", ())), ""),
        complaint=any(one.get("valueBoolean") is True for one in inner.get("complaint", ())),
        postponed=tuple(_postponement(one) for one in inner.get("postponement", ())),
        by=next((str((one.get("valueReference") or {}).get("reference", "")) for one in inner.get("by", ())), ""),
        version=int((episode.get("meta") or {}).get("versionId") or 0),
    )
    rest = {name: dates.get(name) for name in ("assessed", "deadline", "ended")}
    return replace(found, **rest, **codes)  # type: ignore[arg-type]


def _inner(extensions: Sequence[Json]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for outer in extensions:
        for one in (outer.get("extension") or ()) if outer.get("url") == EXTENSION else ():
            found.setdefault(str(one.get("url")), []).append(one)
    return found


def _postponement(one: Json) -> Postponement:
    told = {str(inner.get("url")): inner for inner in one.get("extension") or ()}
    try:
        return Postponement(
            date.fromisoformat(told["day"]["valueDate"]),
            str(told["code"]["valueCode"]),
            str(told["words"]["valueString"]),
        )
    except KeyError as error:
        raise ValueError(f"a postponement has {error.args[0]}") from error
