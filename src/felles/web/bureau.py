"""Whoever oversees the staff, at work: the visitor's authority over the register, and the log of its use."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request

from felles.access import desk
from felles.access.audit import row
from felles.access.authorisation import Office
from felles.access.authority import SEEING, Authority, authority
from felles.access.ground import Ground
from felles.access.register import Register
from felles.access.unit import Tree
from felles.access.who import Purpose
from felles.record.record import Record
from felles.web.chart.moment import OSLO
from felles.web.opening import at_work
from felles.web.visit import Visit, site_of

LATEST = date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Bureau:
    """One request: what of the register is open to the visitor, in the house as it stands at `now` (microseconds)."""

    sitting: desk.Sitting
    register: Register
    authority: Authority
    tree: Tree
    now: int

    @property
    def office(self) -> Office:
        """For giving and ending roles."""
        return Office(self.sitting.record, self.sitting.who, self.authority, self.tree)

    @property
    def units(self) -> list[tuple[str, str]]:
        """The units that are open, as (id, name) with those below indented under each."""
        own = self.authority.own
        tops = [own] if own else sorted(self.tree.parties, key=self._name)
        return [found for top in tops for found in self._below(top, 0)]

    def _below(self, unit: str, depth: int) -> Iterable[tuple[str, str]]:
        if not self.tree.units[unit].active or depth > len(self.tree.units):
            return
        yield unit, "\u2003" * depth + self._name(unit)
        for one in sorted(self.tree.below(unit), key=self._name):
            yield from self._below(one, depth + 1)

    def _name(self, unit: str) -> str:
        return self.tree.units[unit].name or unit

    @property
    def record(self) -> Record:
        """In the visitor's name; what it shows is told by `tell` alone."""
        return self.sitting.record.seen_by(self.sitting.watch.access.guard(self.sitting.who))

    async def tell(self, act: row.Act, what: row.What, patients: Sequence[int] = ()) -> None:
        """Before the answer leaves. Raises Problem 503 or 507: show nothing then."""
        why = row.Why(Ground.OVERSIGHT, purpose=Purpose.OVERSIGHT)
        moment = time.time_ns() // 1_000
        await self.sitting.log.append(row.row(moment, self.sitting.who, act, patients=patients, what=what, why=why))


def oversees(visit: Visit) -> bool:
    """Leaders, administrators and the privacy officer."""
    found = visit.sitting
    return isinstance(found, desk.Sitting) and found.who.role is not None and found.who.role.code in SEEING


async def bureau_of(request: Request) -> Bureau:
    """Raises HTTPException 403 for whom the register is not open."""
    sitting = at_work(request)
    if sitting is None:
        raise HTTPException(403)
    house = sitting.watch.access.house
    units = (await house.standing()).tree
    held = authority(sitting.who, units)
    if held is None:
        raise HTTPException(403)
    register = Register(sitting.watch.access.store, house)
    return Bureau(sitting, register, held, units, int(site_of(request).clock() * 1e6))


def day_of(text: str) -> date | None:
    """A day as a date field sends it; None for what is none, or beyond all planning."""
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found <= LATEST else None


def moment_of(day: date, now: int) -> int:
    """The moment that stands for a day, in microseconds: now for today, else its end."""
    if day == datetime.fromtimestamp(now / 1e6, OSLO).date():
        return now
    after = datetime.combine(day + timedelta(days=1), datetime.min.time(), OSLO)
    return int(after.timestamp()) * 1_000_000 - 1


def day_text(micros: int | None) -> str:
    """`14.03.2026`; empty for what has no end or beginning."""
    return datetime.fromtimestamp(micros / 1e6, OSLO).strftime("%d.%m.%Y") if micros is not None else ""


def time_text(micros: int) -> str:
    """`14.03.2026 08:05`"""
    return datetime.fromtimestamp(micros / 1e6, OSLO).strftime("%d.%m.%Y %H:%M")
