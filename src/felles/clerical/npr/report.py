"""What is kept of an extract: a MeasureReport (https://hl7.org/fhir/R4/measurereport.html) of an institution and month,
with counts by unit, validity and the receipts of NPR. It names no patient; the messages themselves are never in it.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from felles.clerical.npr.extract import Extract, Message
from felles.clerical.npr.month import Month
from felles.clerical.npr.reconciliation import Tally

MEASURE = "urn:felles:measure:npr"
EXTENSION = "urn:felles:npr-extract"
UNIT, COUNT = "urn:felles:unit", "urn:felles:npr-count"
LEFT = "left:"
_COUNTS = (
    "contacts", "reported_contacts", "periods", "reported_periods", "over", "waiting", "reported_waiting",
)  # fmt: skip
ACCEPTED = frozenset(("1", "3"))
"""AppRec status (Volven 8258): accepted, perhaps with remarks; 2 is a refusal."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """One of the two messages: `id` is what its envelope is to carry as MsgId, `answer` NPR's AppRec status."""

    kind: str
    id: str
    fingerprint: str
    known: bool
    faults: tuple[str, ...] = ()
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The kept result. `errors`: what NPR has found, "Type/id" or empty, and the code. `pending`: nothing has been
    taken yet. `version` of the resource."""

    institution: str
    month: Month
    taken: str
    patients: int = 0
    joined: bool = True
    sent: tuple[Sent, ...] = ()
    tallies: tuple[Tally, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    pending: bool = False
    version: int = 0

    @property
    def id(self) -> str:
        return report_id(self.institution, self.month)

    @property
    def holds(self) -> bool:
        """Whether it adds up."""
        return self.joined and all(one.holds for one in self.tallies)

    @property
    def sound(self) -> bool:
        """Whether it adds up and no schema has found a fault."""
        return self.holds and not any(one.faults for one in self.sent)

    @property
    def answered(self) -> bool:
        """Whether NPR has accepted one of the messages: the month is not taken anew by itself any more."""
        return any(one.answer in ACCEPTED for one in self.sent)

    @property
    def accepted(self) -> bool:
        """Whether NPR has both messages."""
        return bool(self.sent) and all(one.answer in ACCEPTED for one in self.sent)


def report_id(institution: str, month: Month) -> str:
    """The id of the report of an institution and month, the same each night."""
    return f"npr-{month}-{hashlib.blake2b(institution.encode(), digest_size=8).hexdigest()}"


def report(one: Extract, taken: str) -> Report:
    """What is kept of an extract that was taken at a moment (instant)."""
    made, found = one.gathered, one.reconciled
    sent = tuple(_sent(message) for message in one.messages)
    return Report(made.institution.reference, made.month, taken, found.patients, found.joined, sent, found.tallies)


def _sent(message: Message) -> Sent:
    id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{message.kind}:{message.fingerprint}"))
    return Sent(message.kind, id, message.fingerprint, message.verdict.known, message.verdict.faults)


def resource(one: Report) -> Json:
    """The MeasureReport."""
    inner: list[Json] = [
        {"url": "patients", "valueInteger": one.patients},
        {"url": "joined", "valueBoolean": one.joined},
    ]
    inner += [{"url": "message", "extension": _told(sent)} for sent in one.sent]
    inner += [{"url": "error", "extension": _error(*error)} for error in one.errors]
    return {
        "resourceType": "MeasureReport",
        "id": one.id,
        "extension": [{"url": EXTENSION, "extension": inner}],
        "status": "pending" if one.pending else "complete" if one.sound else "error",
        "type": "summary",
        "measure": MEASURE,
        "date": one.taken,
        "reporter": {"reference": one.institution},
        "period": {"start": one.month.first.isoformat(), "end": one.month.last.isoformat()},
        **({"group": [_group(each) for each in one.tallies]} if one.tallies else {}),
    }


def _told(sent: Sent) -> list[Json]:
    found: list[Json] = [
        {"url": "kind", "valueCode": sent.kind}, {"url": "id", "valueString": sent.id},
        {"url": "fingerprint", "valueString": sent.fingerprint}, {"url": "known", "valueBoolean": sent.known},
    ]  # fmt: skip
    found += [{"url": "fault", "valueString": fault} for fault in sent.faults]
    return found + ([{"url": "answer", "valueCode": sent.answer}] if sent.answer else [])


def _error(reference: str, code: str) -> list[Json]:
    about: list[Json] = [{"url": "about", "valueReference": {"reference": reference}}] if reference else []
    return [*about, {"url": "code", "valueString": code}]


def _group(one: Tally) -> Json:
    counts = {name: getattr(one, name) for name in _COUNTS}
    counts |= {LEFT + reason: count for reason, count in one.left.items()}
    code = {"coding": [{"system": UNIT, "code": one.unit.partition("/")[2]}]}
    told = [{"code": {"coding": [{"system": COUNT, "code": name}]}, "count": count} for name, count in counts.items()]
    return {"code": code, "population": told}


def of(measured: Mapping[str, Any]) -> Report:
    """The report of a MeasureReport. Raises ValueError for one that is none of ours."""
    outer = [one for one in measured.get("extension") or () if one.get("url") == EXTENSION]
    if measured.get("measure") != MEASURE or not outer:
        raise ValueError("this is no report of an extract")
    inner = outer[0].get("extension") or ()
    sent = [_sent_of(one["extension"]) for one in inner if one["url"] == "message"]
    errors = [_error_of(one["extension"]) for one in inner if one["url"] == "error"]
    values = {one["url"]: one for one in inner}
    return Report(
        str(measured["reporter"]["reference"]), Month.of(str(measured["period"]["start"])[:7]), str(measured["date"]),
        int(values["patients"]["valueInteger"]), bool(values["joined"]["valueBoolean"]), tuple(sent),
        tuple(_tally_of(one) for one in measured.get("group") or ()), tuple(errors),
        measured.get("status") == "pending", int((measured.get("meta") or {}).get("versionId") or 0),
    )  # fmt: skip


def _sent_of(inner: Sequence[Json]) -> Sent:
    values = {one["url"]: one for one in inner}
    faults = tuple(str(one["valueString"]) for one in inner if one["url"] == "fault")
    return Sent(
        values["kind"]["valueCode"], values["id"]["valueString"], values["fingerprint"]["valueString"],
        bool(values["known"]["valueBoolean"]), faults, values.get("answer", {}).get("valueCode", ""),
    )  # fmt: skip


def _error_of(inner: Sequence[Json]) -> tuple[str, str]:
    values = {one["url"]: one for one in inner}
    return values.get("about", {}).get("valueReference", {}).get("reference", ""), values["code"]["valueString"]


@dataclass(slots=True)
class _Counts:
    counts: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)


def _tally_of(group: Json) -> Tally:
    found = _Counts()
    for one in group.get("population") or ():
        code = str(one["code"]["coding"][0]["code"])
        if code.startswith(LEFT):
            found.left[code.removeprefix(LEFT)] = int(one["count"])
        else:
            found.counts[code] = int(one["count"])
    return Tally(f"Organization/{group['code']['coding'][0]['code']}", left=found.left, **found.counts)
