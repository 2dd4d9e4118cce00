"""Keeping the Tasks of the ledger its own: drawn from the row, written with it, refused to everybody else."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson

from felles.duties.duty import Duty, moved
from felles.duties.kind import SYSTEM, View, kind_of
from felles.duties.reading import Names, Reading, names
from felles.duties.serial import number_of
from felles.duties.task import task
from felles.record.index.value import key64
from felles.record.outcome import Problem, problem
from felles.record.rule import Deed, Inside, Put, Rule, Woken
from felles.record.store import Line

REMEMBERED = 2_000
_MOVABLE = ("for", "focus")
Json = dict[str, Any]


def _content(resource: Json) -> bytes:
    """A Task without what the server puts into it."""
    return orjson.dumps(
        {name: value for name, value in resource.items() if name != "meta"}, option=orjson.OPT_SORT_KEYS
    )


class Drawn:
    """What the ledger has drawn in this process and is about to write: its own rule need not ask for it again."""

    def __init__(self) -> None:
        self._contents: OrderedDict[bytes, None] = OrderedDict()

    def add(self, resource: Json) -> Json:
        self._contents[_content(resource)] = None
        while len(self._contents) > REMEMBERED:
            self._contents.popitem(last=False)
        return resource

    def take(self, resource: Json) -> bool:
        """Whether exactly this was drawn; once."""
        content = _content(resource)
        return content in self._contents and self._contents.pop(content) is None


DRAWN = Drawn()


def keys(duty: Duty) -> tuple[int | None, ...]:
    """The references that a duty's Task shows."""
    return duty.unit, duty.person, duty.subject, duty.patient, duty.proof


async def drawn(read: Reading, duty: Duty, known: Names | None = None) -> Json:
    """The Task as it is to be written now."""
    found = await names(read, keys(duty), known)
    return task(duty, kind_of(duty.kind), found)


async def put(read: Reading, duty: Duty, known: Names | None = None) -> list[Deed]:
    """The write of a duty's Task from inside a rule; none where the kind has none, or has it later."""
    return [Put(DRAWN.add(await drawn(read, duty, known)))] if kind_of(duty.kind).view is View.AT_ONCE else []


async def turn(read: Reading, duty: Duty, known: Names | None = None) -> list[Deed]:
    """The deeds of a duty's next turn: its row, and its Task."""
    return [Line("duty turn", viewed(duty).row()), *await put(read, duty, known)]


def _foreign() -> Problem:
    return problem(403, "forbidden", "this Task shows a duty of the ledger; only the ledger writes it")


def _claims(resource: Json | None) -> bool:
    codings = ((resource or {}).get("code") or {}).get("coding") or ()
    return any(coding.get("system") == SYSTEM for coding in codings)


async def keep(woken: Woken, inside: Inside) -> Iterable[Deed]:
    """Refuses every Task of the ledger that is not what its row gives; follows a patient whose identity was merged."""
    number = number_of(woken.id)
    if number is None:
        if _claims(woken.after) or _claims(woken.before):
            raise _foreign()
        return []
    if woken.after is not None and DRAWN.take(woken.after):
        return []
    rows = await inside.ask("duty by id", [number])
    if not rows or woken.after is None:
        raise _foreign()
    duty = Duty.of(rows[0])
    wanted = await drawn(inside, duty)
    if _content(wanted) == _content(woken.after):
        return []
    return await _moved(inside, duty, wanted, woken.after)


async def _moved(inside: Inside, duty: Duty, wanted: Json, after: Json) -> list[Deed]:
    """Of a duty whose subject now is another patient's: the next turn says so, and the Task is drawn again."""
    other = (after.get("for") or {}).get("reference", "")
    same = all(wanted.get(name) == after.get(name) for name in (wanted.keys() | after.keys()) - {*_MOVABLE, "meta"})
    if not same or not other.startswith("Patient/"):
        raise _foreign()
    patient = key64(other)
    subject = patient if duty.subject == duty.patient else duty.subject
    holds = await inside.ask("duty patient of", [subject])
    if (after.get("focus") or {}).get("reference") != (other if subject == patient else wanted["focus"]["reference"]):
        raise _foreign()
    if not holds or holds[0][0] != patient:
        raise _foreign()
    return await turn(inside, moved(duty, duty.moment, patient, subject))


def viewed(duty: Duty) -> Duty:
    """The duty as it stands when its Task is written in the same transaction; of one that is drawn later, as it was."""
    return duty if kind_of(duty.kind).view is View.SOON else replace(duty, viewed=duty.turn)


RULE = Rule("the ledger's Tasks are its own", frozenset({"Task"}), keep, imports=True)
