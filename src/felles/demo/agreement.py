"""The agreement on the shared record (pasientjournalloven § 9), a Contract (https://hl7.org/fhir/R4/contract.html)."""

from collections.abc import Iterator

from felles.demo.place import Place, place, places
from felles.demo.resource import Json, key, resource

_PARTIES = frozenset(("trust", "municipality", "gpoffice"))
_TERMS = (
    ("Hva samarbeidet omfatter", "Felles journal for alle pasienter som partene gir helsehjelp."),
    ("Pasientens rettigheter", "Innsyn, sperring, retting og sletting kan kreves hos hver av partene."),
    (
        "Behandling og sikring",
        "Databehandleravtaler, tilgangsstyring og logg er felles. Ved opphør følger dataene parten.",
    ),
    ("Dataansvar", "Hver part er dataansvarlig for det den selv fører i journalen."),
)
"""What the agreement must say, letters a to d of the paragraph."""


def parties() -> list[Place]:
    """The legal entities that work in the shared record."""
    return [one for one in places().values() if one.kind in _PARTIES and one.on_platform]


def resources() -> Iterator[Json]:
    """The agreement of all parties."""
    body: Json = {
        "status": "executed",
        "type": {
            "coding": [{"system": "urn:felles:agreement", "code": "shared-record"}],
            "text": "Avtale om felles journal",
        },
        "title": "Avtale om felles behandlingsrettet helseregister",
        "applies": {"start": "2024-01-01"},
        "author": place("stolav").as_reference(),
        "subject": [one.as_reference() for one in parties()],
        "term": [{"asset": [{"context": [{"text": title}]}], "offer": {"text": words}} for title, words in _TERMS],
    }
    yield resource("Contract", key("agreement"), body)
