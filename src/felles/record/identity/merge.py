"""Patient/$merge: https://build.fhir.org/patient-operation-merge.html, in one transaction with its trail."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from felles.record.condition import criterion
from felles.record.identity import mention, trail
from felles.record.identity.act import Act, counted, parsed, tried, unhurried
from felles.record.identity.merging import objections, relinked, result_faults, subsumed, surviving
from felles.record.identity.reference import addresses, exchanged
from felles.record.identity.resolution import replaced_by
from felles.record.outcome import Issue, Problem
from felles.record.reading import Stored
from felles.record.record import Record

MAX_SWEEPS = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: Patient/`source` into Patient/`target`; `force` overrules doubts and needs a reason."""

    source: str
    target: str
    author: trail.Author
    result: dict[str, Any] | None = None
    force: bool = False
    preview: bool = False


@dataclass(slots=True)
class Merged:
    """What became, or would become, of it."""

    target: dict[str, Any]
    issues: list[Issue] = field(default_factory=list)
    provenance: str | None = None


async def merge(record: Record, wish: Wish) -> Merged:
    """Merges, or tells what merging would do. Again is no error: what has come to the source since is moved too.

    Raises Problem 404 or 410 for a missing Patient, 422 with everything that speaks against it, 413 past MAX_FACTS.
    """
    merged = await tried(lambda: _merge(record, wish))
    if not wish.preview:
        merged.issues += await sweep(record, wish)
        merged.target = parsed(await record.read("Patient", wish.target))
    return merged


async def _merge(record: Record, wish: Wish) -> Merged:
    source, target = await record.read("Patient", wish.source), await record.read("Patient", wish.target)
    was, on = parsed(source), parsed(target)
    if wish.source != wish.target and replaced_by(was) == wish.target:
        known = trail.standing(await trail.of_patient(record, wish.source))
        told = Issue("informational", "these records are merged already", severity="information")
        return Merged(on, [told], known[-1].id if known else None)
    act = Act(issues=await _allowed(record, wish, was, on))
    after = wish.result or surviving(on, was)
    act.revise(source, subsumed(was, wish.target))
    act.revise(target, after)
    facts = await _facts(record, act, wish)
    made = trail.provenance(
        trail.MERGE, trail.step(source), trail.step(target), [trail.step(one) for one in facts], wish.author
    )
    id = act.create(made)
    act.tell(f"{'would be moved' if wish.preview else 'moved'}: {counted(facts)}")
    if not wish.preview:
        await act.commit(record)
    return Merged(after, act.issues, None if wish.preview else id)


async def _allowed(record: Record, wish: Wish, source: dict[str, Any], target: dict[str, Any]) -> list[Issue]:
    """Doubts that were overruled. Raises Problem 422 naming all doubts that were not."""
    if wish.source == wish.target:
        raise Problem(422, (Issue("business-rule", "a record is not merged with itself", "source-patient"),))
    relatives = [
        orjson.loads(one.body or b"{}")
        for id in (wish.source, wish.target)
        for one in await mention.in_compartment(record, id)
        if one.type == "RelatedPerson"
    ]
    found = objections(source, target, relatives)
    if wish.result is not None:
        found += result_faults(wish.result, wish.source, wish.target)
    overruled = wish.force and bool(wish.author.reason)
    if any(one.firm or not overruled for one in found):
        hint = "" if any(one.firm for one in found) else "; if it is right, say force=true and a reason"
        raise Problem(422, tuple(Issue("business-rule", one.text + hint, one.expression) for one in found))
    return [Issue("business-rule", f"overruled: {one.text}", one.expression, "warning") for one in found]


async def _facts(record: Record, act: Act, wish: Wish) -> list[Stored]:
    """What refers to the source and is rewritten in this act."""
    mentions = await mention.of_patient(record, wish.source)
    if not mentions.complete:
        act.tell(
            "the store is too large to be read through: references outside indexed elements were not looked for",
            severity="warning",
        )
    return await moved(act, mentions.resources, wish, addresses("Patient", wish.source, record.base))


async def moved(act: Act, found: list[Stored], wish: Wish, names: frozenset[str]) -> list[Stored]:
    """Rewrites what was found from the source to the target. Returns what is changed by it."""
    changed = []
    async for one in unhurried(found):
        if one.type == "Patient":
            was = parsed(one)
            after = relinked(was, wish.source, wish.target)
            if one.id == wish.target or after == was:
                continue
            act.revise(one, after)
        else:
            act.rewrite(one, exchanged(one.body or b"", names, f"Patient/{wish.target}"))
        changed.append(one)
    return changed


async def sweep(record: Record, wish: Wish) -> list[Issue]:
    """Moves what was written on the source while it was being merged, or after."""
    issues: list[Issue] = []
    for _ in range(MAX_SWEEPS):
        swept = await tried(lambda: _sweep(record, wish))
        if not swept:
            break
        issues += swept
    return issues


async def _sweep(record: Record, wish: Wish) -> list[Issue]:
    found = await record.matching("Patient", [("_id", wish.source), ("link", f"Patient/{wish.target}")])
    mentions = await mention.of_patient(record, wish.source, thorough=False)
    act = Act(criteria=[criterion("Patient", found)])
    facts = await moved(act, mentions.resources, wish, addresses("Patient", wish.source, record.base))
    if not facts or not found.ids:
        return []
    source, target = await record.read("Patient", wish.source), await record.read("Patient", wish.target)
    patients = trail.witness(source), trail.witness(target)
    act.create(trail.provenance(trail.LATE, *patients, [trail.step(one) for one in facts], wish.author))
    act.tell(f"written on the source meanwhile and moved: {counted(facts)}")
    await act.commit(record)
    return act.issues
