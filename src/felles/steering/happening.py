"""The rules that keep the facts, in the transaction of the period, appointment, stay or epicrisis that they tell of."""

from collections.abc import Sequence
from typing import Any

from felles.clerical.vacancy import unit_of
from felles.duties.reading import Reading
from felles.record.rule import Inside, Rule, Woken
from felles.record.store import Line
from felles.steering.fact import Fact, is_discharge, is_epicrisis, of_appointment, of_episode, of_stay, stays
from felles.steering.statement import put, turned

Json = dict[str, Any]
MOST = 20
"""Documents of one stay that are looked at."""


async def _period(woken: Woken, _: Inside) -> Sequence[Line]:
    return turned(f"EpisodeOfCare/{woken.id}", of_episode(woken.before), of_episode(woken.after))


async def _time(woken: Woken, inside: Inside) -> Sequence[Line]:
    before, after = [await times(inside, one) for one in (woken.before, woken.after)]
    return turned(f"Appointment/{woken.id}", before, after)


async def times(read: Reading, appointment: Json | None) -> list[Fact]:
    """The facts of an appointment; its unit is that of the first participant who has one."""
    if appointment is None:
        return []
    actors = [one.get("actor") or {} for one in appointment.get("participant") or ()]
    return of_appointment(appointment, await unit_of(read, {"actor": actors}))


async def _stay(woken: Woken, inside: Inside) -> Sequence[Line]:
    if not is_discharge(woken.before) and not is_discharge(woken.after):
        return []
    subject = f"Encounter/{woken.id}"
    facts = of_stay(woken.after, await epicrises(inside, subject))
    return [put(subject, one) for one in facts] or turned(subject, of_stay(woken.before, []), [])


async def epicrises(read: Reading, stay: str) -> list[Json]:
    """The documents of a stay that may be its epicrisis."""
    found: list[Json] = []
    for name in ("DocumentReference", "Composition"):
        found += await read.search(name, [("encounter", stay)], MOST)
    return found


async def _signed(woken: Woken, inside: Inside) -> Sequence[Line]:
    """An epicrisis that is signed, changed or taken back tells of its stay anew."""
    told = {stay for side in (woken.before, woken.after) if is_epicrisis(side) for stay in stays(side)}
    found: list[Line] = []
    for stay in sorted(told):
        encounter = await inside.read("Encounter", stay.partition("/")[2])
        found += [put(stay, one) for one in of_stay(encounter, await epicrises(inside, stay))]
    return found


RULES = (
    Rule("a referral period counts", frozenset({"EpisodeOfCare"}), _period, imports=True),
    Rule("a time counts", frozenset({"Appointment"}), _time, imports=True),
    Rule("a stay counts", frozenset({"Encounter"}), _stay, imports=True),
    Rule("an epicrisis counts", frozenset({"DocumentReference", "Composition"}), _signed, imports=True),
)
