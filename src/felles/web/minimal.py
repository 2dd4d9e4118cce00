"""The one minimal line of somebody whom the visitor has nothing to do with yet, from what was typed in the field."""

from dataclasses import dataclass
from datetime import date

from starlette.requests import Request

from felles.access.finding import Line, Outcome, Wanted, minimal
from felles.record.outcome import Problem
from felles.web.chart.hit import intent
from felles.web.opening import at_work
from felles.web.visit import site_of


@dataclass(frozen=True, slots=True)
class Beyond:
    """What there is beyond the related: a line, several, or a wait until one may look again."""

    line: Line | None = None
    several: bool = False
    wait: bool = False

    @property
    def id(self) -> str:
        return self.line.patient.partition("/")[2] if self.line else ""


def wanted(text: str, today: date) -> Wanted | None:
    """A whole identifier, or name and one full birth date; None for anything less."""
    typed = intent(text, today)
    numbers = [value for name, value in typed if name == "identifier"]
    births = [value for name, value in typed if name == "birthdate"]
    names = " ".join(value for name, value in typed if name == "name")
    if len(typed) == 1 and numbers and len(numbers[0]) == 11 and numbers[0].isdigit():
        return Wanted(numbers[0])
    if numbers or len(births) != 1 or len(births[0]) != 10 or not names:
        return None
    try:
        return Wanted(name=names, birth=date.fromisoformat(births[0]))
    except ValueError:
        return None


async def beyond(request: Request, text: str) -> Beyond | None:
    """One search beyond the related, which logs itself and takes one turn of a limit."""
    sitting, site = at_work(request), site_of(request)
    asked = wanted(text, site.today)
    if sitting is None or asked is None:
        return None
    try:
        found = await minimal(sitting.record, sitting.who, asked, int(site.clock() * 1e6))
    except Problem as error:
        if error.status in (403, 422):
            return None
        if error.status == 429:
            return Beyond(wait=True)
        raise
    return Beyond(found.line, found.outcome is Outcome.SEVERAL)
