"""What becomes of NPR's answers: a month that is accepted is no longer owed; each error is its unit's to mend.

An error that a later report does not name any more is mended.
"""

from collections.abc import Sequence
from dataclasses import replace

import orjson

from felles.clerical.npr.answer import Errors, Fault, Receipt
from felles.clerical.npr.month import Month
from felles.clerical.npr.obligation import DELIVERY, FAULT, institutions
from felles.clerical.npr.place import number_of
from felles.clerical.npr.report import ACCEPTED, MEASURE, Report, Sent, of, report_id, resource
from felles.duties import Owe, Settle
from felles.duties.deed import Said, deeds
from felles.duties.reading import Outside
from felles.record.guard import EVERYTHING
from felles.record.record import Record
from felles.record.rule import Put, parted

VERSIONS = 400


async def receive(record: Record, answer: Receipt | Errors, now: int) -> Report:
    """Keeps an answer and what follows of it in one transaction. Raises ValueError for an answer to nothing."""
    if isinstance(answer, Receipt):
        held, sent = await _answered(record, answer.message)
        told = replace(sent, answer=answer.status)
        made = replace(held, sent=tuple(told if one.kind == sent.kind else one for one in held.sent))
        said = _received(made, answer)
    else:
        held = await _of(record, answer)
        errors = tuple((fault.about, fault.words) for fault in answer.faults)
        made = replace(held, errors=errors)
        said = await _faulty(record, held, answer.faults)
    await _commit(record, held, made, said, now)
    return made


def _received(made: Report, answer: Receipt) -> list[Said]:
    subject = f"MeasureReport/{made.id}"
    if answer.status not in ACCEPTED:
        why = f"NPR har avvist meldingen: {'; '.join(answer.remarks) or 'uten begrunnelse'}"
        return [Owe(FAULT, subject, made.institution, reason=why, once=f"{answer.message}:refused")]
    done: list[Said] = [Settle(FAULT, subject, subject)]
    return [*done, Settle(DELIVERY, subject, subject)] if made.accepted else done


async def _faulty(record: Record, held: Report, faults: Sequence[Fault]) -> list[Said]:
    """What is owed for errors that are new, and what is mended of those that were known."""
    report = f"MeasureReport/{held.id}"
    named = {fault.about or report for fault in faults}
    said: list[Said] = [Settle(FAULT, about, report) for about, _ in held.errors if about and about not in named]
    before = set(held.errors)
    for fault in faults:
        if (fault.about, fault.words) not in before:
            unit, patient = await _whose(record, fault.about)
            why = f"NPR: {fault.words}"
            said.append(Owe(FAULT, fault.about or report, unit or held.institution, patient=patient, reason=why))
    return said


async def _whose(record: Record, about: str) -> tuple[str, str | None]:
    """The unit and the patient of a contact or a referral period."""
    type_name, _, id = about.partition("/")
    found = await Outside(record).read(type_name, id) if id else None
    if found is None:
        return "", None
    unit = found.get("serviceProvider") or found.get("managingOrganization") or {}
    patient = found.get("subject") or found.get("patient") or {}
    return str(unit.get("reference", "")), patient.get("reference")


async def _answered(record: Record, message: str) -> tuple[Report, Sent]:
    """The report whose message has this id, now or in a version before, and that message."""
    system = record.seen_by(EVERYTHING)
    for one in await system.resources("MeasureReport", [("measure", MEASURE), ("_sort", "-date"), ("_count", "200")]):
        held = of(one)
        for number in range(held.version, max(0, held.version - VERSIONS), -1):
            version = held if number == held.version else await _version(system, held.id, number)
            for sent in version.sent:
                if sent.id == message:
                    return held, sent
    raise ValueError("no extract of this record has had a message with this id")


async def _version(record: Record, id: str, number: int) -> Report:
    stored = await record.version("MeasureReport", id, number)
    return of(orjson.loads(stored.body or b"{}"))


async def _of(record: Record, answer: Errors) -> Report:
    read, month = Outside(record), Month.of(answer.month)
    for one in await institutions(record):
        organization = await read.read("Organization", one.partition("/")[2]) or {}
        if number_of(organization) == answer.institution:
            found = await read.read("MeasureReport", report_id(one, month))
            if found is not None:
                return of(found)
    raise ValueError("no extract has been taken of this institution and month")


async def _commit(record: Record, held: Report, made: Report, said: Sequence[Said], now: int) -> None:
    more = await deeds(said, Outside(record), now)
    writes, lines = parted([Put(resource(made)), *more])
    writes[0].match = held.version
    await record.seen_by(EVERYTHING).commit(writes, lines=lines)
