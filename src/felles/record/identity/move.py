"""Facts written on the wrong patient: moved to the right one with a reason, together with what they are tied to.

A tie is a reference between a moved fact and another resource of the wrong patient (a result and its report, a note
and its encounter). Each tied resource moves along or the tie is cut, as the caller says; otherwise nothing is done.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import orjson

from felles.record.identity import mention, trail
from felles.record.identity.act import Act, counted, tried
from felles.record.identity.reference import addresses, cut, exchanged, places, targets
from felles.record.identity.resolution import replaced_by
from felles.record.outcome import Issue, Problem, problem
from felles.record.prepare import prepare, receive
from felles.record.reading import Stored
from felles.record.record import Record
from felles.record.store import Kind, Write


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: `facts` (`Type/id`) from Patient/`source` to Patient/`target`; ties to `cut` are removed."""

    source: str
    target: str
    facts: tuple[str, ...]
    author: trail.Author
    cut: frozenset[str] = frozenset()
    preview: bool = False


@dataclass(slots=True)
class Moved:
    """What became of it: the facts that moved, the resources that lost a tie."""

    facts: list[str]
    cut: list[str]
    issues: list[Issue] = field(default_factory=list)
    provenance: str | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A moved fact and a resource that stays, of which `holder` refers to the other."""

    fact: Stored
    other: Stored
    holder: Stored


async def move(record: Record, wish: Wish) -> Moved:
    """Moves the facts in one transaction.

    Raises Problem 404 or 410 for what is not there, 422 for facts that are not the wrong patient's, for ties that
    are neither moved nor cut (all of them named), and for a cut that leaves a resource invalid.
    """
    if wish.source == wish.target:
        raise problem(422, "business-rule", "the facts are this patient's already", "target-patient")
    if not wish.author.reason:
        raise problem(422, "required", "facts are moved for a reason: say it", "reason")
    return await tried(lambda: _move(record, wish))


async def _move(record: Record, wish: Wish) -> Moved:
    source, target = await record.read("Patient", wish.source), await record.read("Patient", wish.target)
    on = replaced_by(orjson.loads(target.body or b"{}"))
    if on is not None:
        raise problem(422, "business-rule", f"the target has been merged into Patient/{on}", "target-patient")
    facts = [await _fact(record, wish, address) for address in dict.fromkeys(wish.facts)]
    found = await _ties(record, wish, facts)
    _refuse_open(wish, found)
    act = Act()
    _rewrite(record, act, wish, facts, found)
    losing = _losing(found)
    steps = [trail.step(one) for one in (*facts, *losing)]
    made = trail.provenance(trail.MOVE, trail.witness(source), trail.witness(target), steps, wish.author)
    id = act.create(made)
    act.tell(f"{'would be moved' if wish.preview else 'moved'}: {counted(facts)}; ties cut: {len(found)}")
    if not wish.preview:
        await act.commit(record)
    return Moved(
        [one.address for one in facts],
        [one.address for one in losing],
        act.issues,
        None if wish.preview else id,
    )


async def _fact(record: Record, wish: Wish, address: str) -> Stored:
    """The current version of a fact of the wrong patient."""
    type_name, _, id = address.partition("/")
    if type_name in (*mention.KEPT, "Patient"):
        raise problem(422, "business-rule", f"{type_name} is not a fact that moves: {address}", "fact")
    one = await record.read(type_name, id)
    if not places(orjson.loads(one.body or b"{}"), addresses("Patient", wish.source, record.base)):
        raise problem(422, "business-rule", f"{address} does not refer to Patient/{wish.source}", "fact")
    return one


async def _ties(record: Record, wish: Wish, facts: list[Stored]) -> list[Tie]:
    """All ties between the facts and what stays with the wrong patient."""
    moving = {one.address: one for one in facts}
    staying = {
        one.address: one
        for one in (await mention.of_patient(record, wish.source, thorough=False)).resources
        if one.address not in moving and one.type != "Patient"
    }
    found = []
    for fact in facts:
        found += [Tie(fact, staying[to], fact) for to in _local(record, fact) if to in staying]
    for other in staying.values():
        found += [Tie(moving[to], other, other) for to in _local(record, other) if to in moving]
    return found


def _local(record: Record, one: Stored) -> list[str]:
    """The resources of this record that `one` refers to, each once."""
    base = record.base.rstrip("/") + "/"
    found = targets(orjson.loads(one.body or b"{}"))
    return [*dict.fromkeys(to.removeprefix(base).partition("/_history/")[0] for to in found)]


def _refuse_open(wish: Wish, found: list[Tie]) -> None:
    """Raises Problem 422 naming every tie that the caller has not decided on."""
    left = [tie for tie in found if tie.other.address not in wish.cut]
    if not left:
        return
    issues = []
    for tie in left:
        one, other = (tie.fact, tie.other) if tie.holder is tie.fact else (tie.other, tie.fact)
        text = f"{one.address} refers to {other.address}: move {tie.other.address} too (fact) or cut the tie (cut)"
        issues.append(Issue("business-rule", text, "fact"))
    raise Problem(422, tuple(issues))


def _losing(found: list[Tie]) -> list[Stored]:
    """Resources that stay and lose a reference to a fact."""
    return list({tie.other.address: tie.other for tie in found if tie.holder is tie.other}.values())


def _rewrite(record: Record, act: Act, wish: Wish, facts: list[Stored], found: list[Tie]) -> None:
    names = addresses("Patient", wish.source, record.base)
    for one in (*facts, *_losing(found)):
        gone = {tie.fact.address if tie.other is one else tie.other.address for tie in found if tie.holder is one}
        raw = one.body or b""
        if one in facts:
            raw = exchanged(raw, names, f"Patient/{wish.target}")
        if gone:
            act.writes.append(_untied(record, one, raw, gone))
        else:
            act.rewrite(one, raw)


def _untied(record: Record, one: Stored, raw: bytes, gone: Collection[str]) -> Write:
    """The next version without the references to `gone`. Raises Problem 422 when R4 demands one of them."""
    names = {name for address in gone for name in addresses(*_split(address), record.base)}
    try:
        return prepare(receive(cut(raw, names), one.type), one.id, Kind.UPDATE, one.number)
    except Problem as error:
        text = f"{one.address} cannot be without this reference: move it along"
        raise Problem(422, (Issue("business-rule", text, "cut"), *error.issues)) from error


def _split(address: str) -> tuple[str, str]:
    type_name, _, id = address.partition("/")
    return type_name, id
