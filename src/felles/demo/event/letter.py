"""Letters that have come: the text (Composition) and a delivery to each receiver (Communication), as the delivery room
writes them; each of them is through."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.place import Place
from felles.demo.resource import Json, reference
from felles.demo.staff import Worker

NAMES = {
    "right": "Rett til nødvendig helsehjelp", "no-right": "Ikke rett til nødvendig helsehjelp",
}  # fmt: skip
"""Template → its name, as it comes with Felles."""
ON_PAPER = "Sendt på papir; kontoret er utenfor den felles journalen"


def letter(
    chart: Chart, clinic: Place, who: Worker, moment: datetime, template: str, title: str, words: Sequence[str],
    about: str,
) -> None:  # fmt: skip
    """A letter to the patient, and a copy to the GP, about a resource ("Type/id")."""
    body = "".join(f"<p>{escape(one)}</p>" for one in words)
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'
    kind = {"coding": [{"system": "urn:felles:letter", "code": template, "display": NAMES[template]}]}
    when, author = clock.instant(moment), who.as_reference()
    made = chart.add(
        "Composition",
        {
            "language": "nb",
            "extension": [{"url": "urn:felles:template-version", "valueInteger": 1}],
            "status": "final",
            "type": kind,
            "subject": chart.subject,
            "date": when,
            "author": [author],
            "title": title,
            "attester": [{"mode": "professional", "time": when, "party": author}],
            "custodian": clinic.as_reference(),
            "section": [{"title": title, "text": {"status": "generated", "div": div}}],
            "event": [{"detail": [reference(about)]}],
        },
    )
    mark = hashlib.sha256("\0".join(("nb", title, f"{title}\n{div}")).encode()).hexdigest()
    common: Json = {
        "extension": [{"url": "urn:felles:fingerprint", "valueString": mark}],
        "subject": chart.subject,
        "partOf": [reference(made)],
        "basedOn": [reference(about)],
        "sender": clinic.as_reference(),
        "payload": [{"contentReference": reference(made)}],
    }
    for role, to, state in _receivers(chart, moment):
        categories = [{"coding": [{"system": "urn:felles:delivery", "code": "letter"}]},
                      {"coding": [{"system": "urn:felles:receiver-role", "code": role}]}, kind]  # fmt: skip
        chart.add("Communication", {**common, "category": categories, "recipient": [to], **state})


def _receivers(chart: Chart, moment: datetime) -> list[tuple[str, Json, Json]]:
    """Role, receiver, and how far the delivery came."""
    person, soon, later = chart.person, moment + timedelta(minutes=2), moment + timedelta(hours=26)
    digital = 13 <= chart.age <= 88
    mine = _state("delivered", "mailbox", soon, later) if digital else _state("sent", "print", later)
    inside = chart.gp_on_platform
    theirs = _state("delivered", "unit", soon, later) if inside else _state("settled", "message", None, words=ON_PAPER)
    return [
        ("patient", reference(chart.patient, person.name), mine),
        ("gp", person.gp.as_reference(), theirs),
    ]


STATUS = {"delivered": "completed", "sent": "in-progress", "settled": "stopped"}
"""State → Communication.status."""


def _state(state: str, channel: str, sent: datetime | None, received: datetime | None = None, words: str = "") -> Json:
    reason: Json = {"coding": [{"system": "urn:felles:delivery-state", "code": state}]}
    return {
        "status": STATUS[state],
        "statusReason": reason | ({"text": words} if words else {}),
        "medium": [{"coding": [{"system": "urn:felles:channel", "code": channel}]}],
        **({"sent": clock.instant(sent)} if sent else {}),
        **({"received": clock.instant(received)} if received else {}),
    }
