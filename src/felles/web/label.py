"""Names for what duties, letters and numbers point to, as the visitor may see them."""

from collections.abc import Iterable
from datetime import datetime

from starlette.requests import Request

from felles.record.outcome import Problem
from felles.web.chart.moment import OSLO, Moment, parse_moment
from felles.web.chart.text import listed_name
from felles.web.source import directory, patients
from felles.web.visit import visit_of

MIDNIGHT = "00:00"
AT_ONCE = 100


def moment(micros: int) -> str:
    """`14.03.2026 08:05`"""
    return Moment(datetime.fromtimestamp(micros / 1_000_000, OSLO), "time").text


def deadline(micros: int) -> str:
    """A due moment; one that runs to the end of a day is that day: `14.03.2026`."""
    last = Moment(datetime.fromtimestamp(micros / 1_000_000 - 60, OSLO), "day")
    whole = Moment(datetime.fromtimestamp(micros / 1_000_000, OSLO), "time").clock == MIDNIGHT
    return last.day if whole else moment(micros)


async def labels(request: Request, references: Iterable[str | None]) -> dict[str, str]:
    """ "Type/id" of units, people and places → its name."""
    wanted = {one for one in references if one}
    known = await directory(visit_of(request).record, [{"reference": one} for one in wanted])
    return {one: known.name({"reference": one}) for one in wanted}


async def patient_labels(request: Request, references: Iterable[str | None]) -> dict[str, str]:
    """ "Patient/x" → name and birth date; without those that are not for the visitor."""
    ids = sorted({one.partition("/")[2] for one in references if one})
    found: dict[str, str] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        try:
            rows = await patients(visit_of(request).record, [("_id", ",".join(some)), ("_count", str(AT_ONCE))])
        except Problem as error:
            if error.status != 403:
                raise
            return {}
        for one in rows:
            born = parse_moment(one.get("birthDate"))
            found[f"Patient/{one['id']}"] = f"{listed_name(one)}{f' · {born.day}' if born else ''}"
    return found
