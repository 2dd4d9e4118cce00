"""What the reviewer of an emergency opening sees: who opened, why, and the rows of the log that it made
(helsepersonelloven § 45, Normen faktaark 14)."""

from collections.abc import Sequence
from dataclasses import dataclass

from felles.access.audit.answer import page
from felles.access.audit.question import Question
from felles.access.audit.reach import ALL
from felles.access.audit.row import Row
from felles.access.emergency import HOURS, REASONS, ends, reason_of
from felles.access.limit import SECOND
from felles.access.who import Who
from felles.duties import emergency, handling
from felles.duties.clearance import may_close
from felles.duties.duty import Duty
from felles.duties.kind import kind_of
from felles.duties.reading import Outside, names
from felles.record.index.value import key64
from felles.record.record import Record

MOST = 200


@dataclass(frozen=True, slots=True)
class Review:
    """An opening: "Practitioner/x" who opened, the reason in words, the text that was given, from when to when
    (microseconds), and what was done in the record meanwhile, newest first."""

    opener: str
    reason: str
    text: str
    begun: int
    ended: int
    rows: Sequence[Row]


async def review(record: Record, who: Who, one: Duty) -> Review | None:
    """The opening that a duty reviews; None for other duties, and for whom it is not to review."""
    read, kind = Outside(record), kind_of(one.kind)
    if kind is not emergency.REVIEW or one.patient is None:
        return None
    if not may_close(one, kind, who, vacant=await handling.vacant(read, one, kind)):
        return None
    subject = (await names(read, [one.subject])).get(one.subject, "")
    consent = await read.read("Consent", subject.partition("/")[2])
    if consent is None:
        return None
    opener = next(iter(emergency.performers(consent)), "")
    end = ends(consent) or one.opened + HOURS * 3600 * SECOND
    asked = Question(frozenset((one.patient,)), frozenset((key64(opener),)), low=one.opened - SECOND, high=end + SECOND)
    asked.count = MOST
    reason, text = reason_of(consent)
    found = await page(record, asked, ALL)
    return Review(opener, REASONS.get(reason, ""), text, one.opened, end, [row for _, row in found.rows])
