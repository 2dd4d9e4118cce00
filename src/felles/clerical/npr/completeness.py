"""A contact that lacks codes is owed by the unit that can mend it, and is done when it lacks nothing.

The same facts are read inside the transaction that changes them and by the extract from its snapshot.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from felles.clerical.npr.contact import LACKS, Facts, finished, lacks
from felles.clerical.npr.place import place_of
from felles.clerical.period import is_period
from felles.duties import HandOn, Kind, Level, Outcome, Owe, Settle, Step, declare, owing
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Said
from felles.duties.duty import Duty
from felles.duties.kind import View
from felles.duties.reading import Reading
from felles.record.index.value import key64
from felles.record.rule import Deed, Inside, Rule, Woken
from felles.record.store import Origin

CODES = declare(
    Kind(
        110, "complete-codes", "Gjør kodingen av kontakten ferdig", WorkingDays(5),
        (Step(Level.LEADER, WorkingDays(5)), Step(Level.REGION, WorkingDays(10))),
        proof="Kontakten mangler ingenting som NPR skal ha", view=View.SOON,
    )
)  # fmt: skip
Json = dict[str, Any]


async def facts_of(read: Reading, encounter: Json) -> Facts:
    """What an Encounter points to, as far as the extract needs it."""
    unit = str((encounter.get("serviceProvider") or {}).get("reference", ""))
    told = [str((one.get("condition") or {}).get("reference", "")) for one in encounter.get("diagnosis") or ()]
    conditions = [await read.read("Condition", one.partition("/")[2]) for one in told if one.startswith("Condition/")]
    made = await read.search("Procedure", [("encounter", f"Encounter/{encounter['id']}")])
    return Facts(
        encounter, [one for one in conditions if one], [one for one in made if one.get("status") == "completed"],
        await period_of(read, encounter), await place_of(read, unit) if unit else None,
    )  # fmt: skip


async def period_of(read: Reading, encounter: Json) -> str:
    """The id of a contact's referral period: the one it names, or that of the referral that led to it; else empty."""
    for one in encounter.get("episodeOfCare") or ():
        id = str(one.get("reference", "")).partition("/")[2]
        if is_period(await read.read("EpisodeOfCare", id)):
            return id
    async for referral in _referrals(read, encounter):
        for row in await read.ask("waiting of referral", [key64(referral)]):
            for (name,) in await read.ask("clerical name", [row[0]]):
                return str(name)
    return ""


async def _referrals(read: Reading, encounter: Json) -> AsyncIterator[str]:
    for one in encounter.get("basedOn") or ():
        yield str(one.get("reference", ""))
    for one in encounter.get("appointment") or ():
        time = await read.read("Appointment", str(one.get("reference", "")).partition("/")[2]) or {}
        for based in time.get("basedOn") or ():
            yield str(based.get("reference", ""))


async def _follow(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    """What becomes of the duty when a contact, one of its diagnoses or procedures, or its period changes."""
    if woken.origin is Origin.IMPORT:
        return []
    found: list[Said | Deed] = []
    for id, encounter in (await _contacts(woken, inside)).items():
        found += await _owed(id, encounter, inside)
    return found


async def _contacts(woken: Woken, inside: Inside) -> dict[str, Json | None]:
    if woken.type == "Encounter":
        return {woken.id: woken.after} if finished(woken.after) or finished(woken.before) else {}
    if woken.type == "Condition":
        if woken.origin is Origin.DEMO:
            return {}  # made up together with its contact
        seen = await inside.search("Encounter", [("diagnosis", f"Condition/{woken.id}")])
        return {str(one["id"]): one for one in seen if finished(one)}
    sides = (woken.before or {}, woken.after or {})
    ids = {str((side.get("encounter") or {}).get("reference", "")).partition("/")[2] for side in sides} - {""}
    read = {id: await inside.read("Encounter", id) for id in sorted(ids)}
    return {id: one for id, one in read.items() if finished(one)}


async def _owed(id: str, encounter: Json | None, inside: Inside) -> list[Said | Deed]:
    subject = f"Encounter/{id}"
    standing = await inside.ask("duty to settle", [key64(subject), CODES.number])
    facts = await facts_of(inside, encounter) if encounter and finished(encounter) else None
    if facts is None or facts.place is None:
        return [Settle(CODES, subject, subject, Outcome.NEEDLESS)] if standing else []
    missing = lacks(facts)
    if not missing:
        return [Settle(CODES, subject, subject)] if standing else []
    patient = str((facts.encounter.get("subject") or {}).get("reference", "")) or None
    why = "Mangler " + ", ".join(LACKS[one] for one in missing)
    if standing:
        moved = any(Duty.of(row).unit != key64(facts.place.unit) for row in standing)
        return [HandOn(CODES, subject, facts.place.unit)] if moved else []
    return [Owe(CODES, subject, facts.place.unit, patient=patient, reason=why)]


RULES = (
    Rule(
        "a contact has complete codes", frozenset({"Encounter", "Condition", "Procedure"}), owing(_follow), imports=True
    ),
)  # fmt: skip
"""imports: the made-up region owes too; what came by an import is history."""
