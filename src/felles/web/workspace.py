"""Where the day begins: the patients of one's unit, what must be seen of each, and what one owes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.clerical.reception.day import Row, today
from felles.clinical import drug_chart, workspace
from felles.clinical.timing import HOUR
from felles.clinical.workspace import Score, Stay
from felles.duties.calendar import NORWAY
from felles.duties.listing import Box
from felles.record.outcome import Problem
from felles.web.chart.banner import Banner, banner
from felles.web.chart.moment import OSLO
from felles.web.chart.place import Directory
from felles.web.chart.text import listed_name
from felles.web.chart.words import N_
from felles.web.duties import counts, now_of, question_of, sitting_of, unit_names, unit_of
from felles.web.guard import guarded
from felles.web.label import moment
from felles.web.medicine import gives
from felles.web.page import answer
from felles.web.place import Place, finds, works
from felles.web.source import patients as people
from felles.web.visit import Visit, site_of, visit_of

HERE = "/patients"
AT_ONCE = 100
SHOWN = 200
HIGH, MEDIUM = 7, 5
"""NEWS2 (Royal College of Physicians, 2017): from here on the risk is high, and medium."""


def cares(visit: Visit) -> bool:
    """Staff in a role that finds patients."""
    return works(visit) and finds(visit)


caring = guarded(cares)


@dataclass(frozen=True, slots=True)
class Seen:
    """A patient of the list. `days`: of the stay, the first counted; `late`: doses."""

    banner: Banner
    stay: Stay | None = None
    days: int = 0
    score: Score | None = None
    risk: str = ""
    scored: str = ""
    late: int = 0


@dataclass(frozen=True, slots=True)
class Met:
    """An appointment of the day."""

    row: Row
    clock: str


async def _banners(request: Request, refs: Sequence[str]) -> dict[str, Banner]:
    """Of those that are open to the visitor."""
    record, day = visit_of(request).record, site_of(request).today
    ids = [one.partition("/")[2] for one in refs]
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        try:
            found += await people(record, [("_id", ",".join(some)), ("_count", str(AT_ONCE))])
        except Problem as error:
            if error.status != 403:
                raise
    known = [f"Patient/{one['id']}" for one in found]
    own = sitting_of(request).record
    allergies = await workspace.about(own, "AllergyIntolerance", known)
    flags = await workspace.about(own, "Flag", known)
    return {ref: banner(one, allergies.get(ref, ()), flags.get(ref, ()), Directory({}), day)
            for ref, one in zip(known, found, strict=True)}  # fmt: skip


@caring
async def show(request: Request) -> Response:
    """GET /patients?unit=: whom the unit has today."""
    unit, units = await unit_of(request, request.query_params.get("unit", ""))
    sitting, now = sitting_of(request), now_of(request)
    stays = await workspace.stays(sitting.record, unit)
    followed = await workspace.followed(sitting.record, unit)
    lying = [one.patient for one in stays]
    shown = await _banners(request, [*lying, *[one for one in followed[:SHOWN] if one not in set(lying)]])
    late: Mapping[str, int] = {}
    if gives(visit_of(request)):
        late = {one.patient: one.late for one in await drug_chart.beds(sitting.record, lying, HOUR, now)}
    scores = await workspace.scores(sitting.record, lying, now)
    _, want, _ = await question_of(request, {})
    apart = [Seen(shown[one]) for one in followed[:SHOWN] if one in shown and one not in set(lying)]
    inside = [one for one in stays if one.patient in shown]
    return answer(
        request, "patients.html", unit=unit.partition("/")[2], units=await unit_names(request, units),
        lying=[_seen(shown[one.patient], one, scores.get(one.patient), late, now) for one in inside],
        followed=sorted(apart, key=lambda one: one.banner.name.casefold()), own=(await counts(sitting, want))[Box.MINE],
        more=max(0, len(followed) - SHOWN), named=listed_name,
        met=[_met(one) for one in await today(sitting.record, unit, NORWAY.day(now)) if one.patient],
        day=NORWAY.day(now),
    )  # fmt: skip


def _seen(banner: Banner, stay: Stay, score: Score | None, late: Mapping[str, int], now: int) -> Seen:
    days = (NORWAY.day(now) - NORWAY.day(stay.since)).days + 1 if stay.since else 0
    risk = "" if score is None else "high" if score.total >= HIGH else "medium" if score.total >= MEDIUM else "low"
    return Seen(banner, stay, days, score, risk, moment(score.at) if score else "", late.get(stay.patient, 0))


def _met(row: Row) -> Met:
    return Met(row, f"{datetime.fromtimestamp(row.start / 1_000_000, OSLO):%H.%M}")


ROUTES = [Route(HERE, show)]
PLACES = [Place("people", N_("Mine pasienter"), HERE, "sengepost liste innlagte timer i dag ward list patients", cares)]
