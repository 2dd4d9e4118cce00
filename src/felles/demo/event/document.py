"""Notes and letters: DocumentReference with the text inside (https://hl7.org/fhir/R4/documentreference.html)."""

from base64 import b64encode
from datetime import datetime

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.code import concept
from felles.demo.place import Place
from felles.demo.resource import Json, local, reference, text
from felles.demo.staff import Worker

NOTE = local("note", "Journalnotat")
LETTER = local("letter", "Brev")


def _attachment(words: str, title: str, language: str, moment: str) -> Json:
    data = words.encode()
    return {
        "contentType": "text/plain; charset=utf-8",
        "language": language,
        "data": b64encode(data).decode(),
        "size": len(data),
        "title": title,
        "creation": moment,
    }


def document(
    chart: Chart,
    place: Place,
    who: Worker,
    moment: datetime,
    code: str,
    title: str,
    words: str,
    *,
    category: Json = NOTE,
    encounter: str = "",
    related: str = "",
) -> str:
    """A signed note or letter; `code` is the LOINC document type, `words` plain text in the place's language."""
    when = clock.instant(moment)
    body: Json = {
        "status": "current",
        "docStatus": "final",
        "type": concept("loinc", code),
        "category": [category],
        "subject": chart.subject,
        "date": when,
        "author": [who.as_reference()],
        "authenticator": who.as_reference(),
        "custodian": place.as_reference(),
        "description": title,
        "content": [{"attachment": _attachment(words, title, place.language, when)}],
    }
    context: Json = {}
    if encounter:
        context["encounter"] = [reference(encounter)]
    if related:
        context["related"] = [reference(related)]
    if context:
        body["context"] = context
    return chart.add("DocumentReference", body)


def message(
    chart: Chart, sender: Json, recipient: Json, moment: datetime, topic: str, words: str, *, about: str = ""
) -> str:
    """A message that has been sent and received (https://hl7.org/fhir/R4/communication.html)."""
    body: Json = {
        "status": "completed",
        "subject": chart.subject,
        "topic": text(topic),
        "sent": clock.instant(moment),
        "received": clock.instant(moment),
        "recipient": [recipient],
        "sender": sender,
        "payload": [{"contentString": words}],
    }
    if about:
        body["about"] = [reference(about)]
    return chart.add("Communication", body)
