"""The undoing of a merge: a counter-entry that gives every moved fact back. Later edits stay, history shows both."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from felles.record.identity import trail, version
from felles.record.identity.act import Act, counted, parsed, tried, unhurried
from felles.record.identity.reference import addresses, exchanged, leads, node, places, put
from felles.record.identity.resolution import replaced_by
from felles.record.identity.revision import taken_back
from felles.record.identity.trail import Author, Step, Trail
from felles.record.index.value import key64
from felles.record.outcome import Issue, problem
from felles.record.reading import Stored
from felles.record.record import Record

_SINCE = (
    "SELECT r.rid, r.type, r.id, r.number, r.updated FROM resource r WHERE r.patient = $1 AND r.patient <> 0 "
    "AND r.deleted = 0 AND r.updated >= $2 AND (r.number = 1 OR EXISTS "
    "(SELECT 1 FROM version v WHERE v.rid = r.rid AND v.number = 1 AND v.updated >= $2)) "
    "ORDER BY r.type, r.updated, r.rid LIMIT 10000"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: the merge of Patient/`source` into Patient/`target` is to be undone."""

    source: str
    target: str | None
    author: Author
    preview: bool = False


@dataclass(slots=True)
class Undone:
    """What became of it. `review`: resources that somebody must look at, `Type/id` with the reason."""

    source: str
    target: str
    issues: list[Issue]
    review: list[tuple[str, str]] = field(default_factory=list)
    provenance: str | None = None


async def unmerge(record: Record, wish: Wish) -> Undone:
    """Undoes the last merge of these two.

    Raises Problem 404 or 410 for a missing Patient, 422 when there is nothing to undo or another merge of the target
    came after it.
    """
    return await tried(lambda: _unmerge(record, wish))


async def _unmerge(record: Record, wish: Wish) -> Undone:
    target_id, trails = await _merge_of(record, wish)
    merge, facts = trails[0], _facts(trails)
    act = Act()
    undone = Undone(wish.source, target_id, act.issues)
    patients = await _patients(record, act, undone, merge)
    given = await _give_back(record, act, undone, facts)
    undone.review += await _since(record, merge, facts)
    made = trail.provenance(trail.UNMERGE, *patients, given, wish.author, [one.id for one in trails])
    provenance = act.create(made)
    act.tell(f"{'would be given back' if wish.preview else 'given back'} to the source: {counted(given)}")
    if not wish.preview:
        await act.commit(record)
        undone.provenance = provenance
    return undone


async def _merge_of(record: Record, wish: Wish) -> tuple[str, list[Trail]]:
    """The target, and the trails of the merge that is to be undone: itself, then what came late to it."""
    source = orjson.loads((await record.read("Patient", wish.source)).body or b"{}")
    target_id = replaced_by(source)
    if target_id is None or wish.target not in (None, target_id):
        raise problem(422, "business-rule", "these two are not merged: there is nothing to undo", "source-patient")
    standing = trail.standing(await trail.of_patient(record, target_id))
    pair = (f"Patient/{wish.source}", f"Patient/{target_id}")
    own = [one for one in standing if (one.source.address, one.target.address) == pair]
    merges = [place for place, one in enumerate(own) if one.activity == trail.MERGE]
    if not merges:
        raise problem(422, "business-rule", "this link was not made by $merge: there is no trail to undo it by")
    own = own[merges[-1] :]
    _refuse_later(own[0], standing)
    return target_id, own


def _refuse_later(merge: Trail, standing: Sequence[Trail]) -> None:
    """A merge is undone only after those that came later to the same record."""
    after = [one for one in standing[standing.index(merge) + 1 :] if one.activity == trail.MERGE]
    if after:
        later = ", ".join(f"{one.source.address} into {one.target.address}" for one in reversed(after))
        raise problem(422, "business-rule", f"later merges come first, undo these: {later}", "target-patient")


def _facts(trails: Sequence[Trail]) -> list[Step]:
    """What was moved, each with its first step: a fact that came late a second time was moved once before."""
    found: dict[str, Step] = {}
    for one in trails:
        for step in one.facts:
            found.setdefault(step.address, step)
    return list(found.values())


async def _patients(record: Record, act: Act, undone: Undone, merge: Trail) -> tuple[Step, Step]:
    """Source and target without what the merge did to them."""
    steps = (merge.source, merge.target)
    now = await version.current(record, steps)
    for step in steps:
        await _take_back(record, act, undone, now[step.address], step)
    return trail.step(now[merge.source.address]), trail.step(now[merge.target.address])


async def _take_back(record: Record, act: Act, undone: Undone, now: Stored, step: Step) -> None:
    before = await record.version(step.type, step.id, step.before)
    after = await record.version(step.type, step.id, step.after)
    revision = taken_back(parsed(before), parsed(after), parsed(now))
    act.revise(now, revision.resource)
    if revision.left:
        names = ", ".join(revision.left)
        undone.review.append((step.address, f"edited after the merge and left as it is: {names}"))


async def _give_back(record: Record, act: Act, undone: Undone, facts: Sequence[Step]) -> list[Step]:
    """Rewrites the facts; those that cannot go back are for review."""
    now, before = await version.current(record, facts), await version.before(record, facts)
    given = []
    async for step in unhurried(facts):
        one, was = now.get(step.address), before.get(step.address)
        if one is None or was is None or one.body is None:
            undone.review.append((step.address, "deleted after the merge"))
        elif step.type == "Patient":
            await _take_back(record, act, undone, one, step)
            given.append(trail.step(one))
        else:
            raw = _returned(record, undone, step, one, was)
            if raw is None:
                undone.review.append((step.address, "no longer refers to the target"))
            else:
                act.rewrite(one, raw)
                given.append(trail.step(one))
    return given


def _returned(record: Record, undone: Undone, step: Step, now: Stored, was: Stored) -> bytes | None:
    """The body with its references back at the source; as it was before when nobody has changed it since."""
    if now.number == step.after and was.body:
        return was.body
    old = addresses("Patient", undone.source, record.base)
    new = addresses("Patient", undone.target, record.base)
    return given_back(now.body or b"", was.body or b"", old, new, f"Patient/{undone.source}")


def given_back(now: bytes, was: bytes, source: frozenset[str], target: frozenset[str], address: str) -> bytes | None:
    """`now` with the references that the merge took from the source leading to it again; None if there are none.

    Where `was` referred to the source alone, every reference to the target came from it. Where it referred to both,
    the places tell them apart.
    """
    former = orjson.loads(was)
    if not places(former, target):
        back = exchanged(now, target, address)
        return back if places(orjson.loads(back), source) else None
    resource = orjson.loads(now)
    at = [place for place in places(former, source) if leads((node(resource, place) or {}).get("reference"), target)]
    return put(now, at, address) if at else None


async def _since(record: Record, merge: Trail, facts: Sequence[Step]) -> list[tuple[str, str]]:
    """What was written on the target after the merge, by resource."""
    moved = {step.address for step in facts}
    rows = await record.reader.rows(_SINCE, (key64(merge.target.address), merge.updated))
    found = [version.address(row) for row in rows]
    return [(address, "written on the target after the merge") for address in found if address not in moved]
