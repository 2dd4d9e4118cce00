"""A letter as FHIR: one signed Composition, and one Communication for each receiver in the same transaction.

The Composition holds the text (composition.html); each Communication (communication.html) holds the state of one
delivery in `statusReason`, its channel in `medium`, the role in `category`, the letter in `partOf`, what it is about
in `basedOn`, and the fingerprint of the text that was signed, so that what leaves is what was signed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from felles.access.consent import instant
from felles.delivery.case import Case, Order, fields, gather
from felles.delivery.channel import Channel
from felles.delivery.receiver import Receiver, receivers
from felles.delivery.state import STATUS, State
from felles.delivery.template import Template, filled
from felles.duties.reading import Reading
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.rule import Put

LETTER = "urn:felles:letter"
"""Composition.type of a letter: the code of its template."""
DELIVERY, KIND = "urn:felles:delivery", "letter"
"""Communication.category of a delivery."""
ROLE = "urn:felles:receiver-role"
CHANNEL = "urn:felles:channel"
STATE = "urn:felles:delivery-state"
FINGERPRINT = "urn:felles:fingerprint"
VERSION = "urn:felles:template-version"
LEFT_OUT = "urn:felles:left-out"
"""Extension of the Composition: a role that the letter was not sent to, and why."""
Json = dict[str, Any]


async def posted(read: Reading, template: Template, order: Order, now: int) -> list[Put]:
    """The deeds of signing a letter: they join the transaction of what caused it. Raises Problem 422 for a letter that
    does not reach whom it is for, or that says what is not known."""
    case = await gather(read, order)
    if template.about != case.about["resourceType"]:
        raise problem(422, "business-rule", f"the template {template.code} is for letters about {template.about}")
    to = await receivers(read, template, case, now)
    signed = composition(template, case, now)
    return [Put(signed), *(Put(delivery(signed, case, one, now)) for one in to)]


def composition(template: Template, case: Case, now: int) -> Json:
    """The signed letter, in the patient's language."""
    values, order = fields(case, now), case.order
    wording = template.wording(case.language)
    writer = {"reference": order.author or order.unit, "display": values["author.name"] or values["unit.name"]}
    title = filled(wording.title, values)
    left_out = [
        {"url": LEFT_OUT, "extension": [{"url": "role", "valueCode": role}, {"url": "reason", "valueString": why}]}
        for role, why in order.without.items()
    ]
    return {
        "resourceType": "Composition",
        "id": new_id(),
        "language": case.language,
        "extension": [{"url": VERSION, "valueInteger": template.version}, *left_out],
        "status": "final",
        "type": {"coding": [{"system": LETTER, "code": template.code, "display": template.name}]},
        "subject": {"reference": order.patient},
        "date": instant(now),
        "author": [writer],
        "title": title,
        "attester": [{"mode": "professional", "time": instant(now), "party": writer}],
        "custodian": {"reference": order.unit, "display": values["unit.name"]},
        "section": [{"title": title, "text": {"status": "generated", "div": narrative(filled(wording.body, values))}}],
        **({"event": [{"detail": [{"reference": order.about}]}]} if order.about != order.patient else {}),
    }


def narrative(text: str) -> str:
    """Paragraphs as XHTML (narrative.html)."""
    parts = ("<br/>".join(escape(line) for line in one.split("\n")) for one in text.split("\n\n") if one.strip())
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(f"<p>{one}</p>" for one in parts)}</div>'


def fingerprint(letter: Mapping[str, Any]) -> str:
    """SHA-256 of what a letter says: its language, title and sections."""
    said = [str(letter.get("language")), str(letter.get("title"))]
    said += [f"{one.get('title')}\n{(one.get('text') or {}).get('div')}" for one in letter.get("section") or ()]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


def delivery(letter: Json, case: Case, to: Receiver, now: int) -> Json:
    """The delivery to one receiver. What is in the list of a unit of this record is sent as soon as it is written."""
    order = case.order
    state = State.SENT if to.channel is Channel.UNIT else State.QUEUED
    made = {
        "resourceType": "Communication",
        "id": new_id(),
        "extension": [{"url": FINGERPRINT, "valueString": fingerprint(letter)}],
        "category": [
            {"coding": [{"system": DELIVERY, "code": KIND}]},
            {"coding": [{"system": ROLE, "code": to.role}]},
            {"coding": letter["type"]["coding"]},
        ],
        "medium": [{"coding": [{"system": CHANNEL, "code": to.channel.value}]}],
        "subject": {"reference": order.patient},
        "partOf": [{"reference": f"Composition/{letter['id']}"}],
        **({"basedOn": [{"reference": order.about}]} if order.about != order.patient else {}),
        "sender": {"reference": order.unit, "display": letter["custodian"]["display"]},
        "recipient": [{"reference": to.to.reference, "display": to.to.name}],
        "payload": [{"contentReference": {"reference": f"Composition/{letter['id']}"}}],
    }
    return standing(made, state, now)


def standing(communication: Json, state: State, now: int, words: str = "", channel: Channel | None = None) -> Json:
    """The delivery in another state; `words` say why, where a person or a transport said it."""
    reason: Json = {"coding": [{"system": STATE, "code": state.value}]} | ({"text": words} if words else {})
    made = {**communication, "status": STATUS[state], "statusReason": reason}
    if state is State.SENT:
        made["sent"] = instant(now)
    if state is State.DELIVERED:
        made["received"] = instant(now)
    if state is State.QUEUED:
        made = {name: value for name, value in made.items() if name not in ("sent", "received", "identifier")}
    if channel is not None:
        made["medium"] = [{"coding": [{"system": CHANNEL, "code": channel.value}]}]
    return made


def coded(concepts: Sequence[Json] | Json | None, system: str) -> str:
    """The code of a system among concepts; empty where there is none."""
    given = [concepts] if isinstance(concepts, dict) else concepts or []
    codings = (coding for one in given for coding in one.get("coding") or ())
    return next((str(one.get("code")) for one in codings if one.get("system") == system), "")


def is_delivery(resource: Mapping[str, Any] | None) -> bool:
    """Whether a Communication is the delivery of a letter."""
    return resource is not None and coded(resource.get("category"), DELIVERY) == KIND


def state_of(communication: Mapping[str, Any]) -> State:
    """Raises Problem 422 for a delivery without a known state."""
    try:
        return State(coded(communication.get("statusReason"), STATE))
    except ValueError as error:
        said = f"a delivery stands in one of {', '.join(State)}"
        raise problem(422, "code-invalid", said, "Communication.statusReason") from error


def channel_of(communication: Mapping[str, Any]) -> Channel:
    """Raises Problem 422 for a delivery without a known channel."""
    try:
        return Channel(coded(communication.get("medium"), CHANNEL))
    except ValueError as error:
        said = f"a delivery goes by one of {', '.join(Channel)}"
        raise problem(422, "code-invalid", said, "Communication.medium") from error
