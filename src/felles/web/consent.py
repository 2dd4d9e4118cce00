"""What an app asks for, in people's words."""

from collections.abc import Iterable
from dataclasses import dataclass

from felles.access.smart.scope import Grant, Scopes
from felles.web.chart.words import N_

_DEEDS = (("c", N_("opprette")), ("r", N_("lese")), ("u", N_("endre")), ("d", N_("slette")), ("s", N_("søke i")))
_TYPES = {
    "*": N_("alt i journalen"),
    "AllergyIntolerance": N_("allergier og overfølsomhet"),
    "Appointment": N_("timeavtaler"),
    "CarePlan": N_("planer"),
    "Communication": N_("meldinger"),
    "Condition": N_("problemer og diagnoser"),
    "DiagnosticReport": N_("svarrapporter"),
    "DocumentReference": N_("dokumenter"),
    "Encounter": N_("kontakter og opphold"),
    "Immunization": N_("vaksiner"),
    "MedicationRequest": N_("forskrivninger"),
    "MedicationStatement": N_("legemidler i bruk"),
    "Observation": N_("målinger og prøvesvar"),
    "Organization": N_("enheter"),
    "Patient": N_("personopplysninger"),
    "Practitioner": N_("helsepersonell"),
    "Procedure": N_("prosedyrer"),
    "ServiceRequest": N_("henvisninger og rekvisisjoner"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One line of the page: `deeds` and `what` are words; `limited` when it is about a part of it only."""

    deeds: tuple[str, ...]
    what: str
    limited: bool


def wishes(scopes: Scopes, *levels: str) -> list[Wish]:
    """The lines of all scopes of these levels."""
    return _lines(grant for grant in scopes.grants if grant.level in levels)


def _lines(grants: Iterable[Grant]) -> list[Wish]:
    lines = (
        Wish(
            tuple(words for letter, words in _DEEDS if letter in grant.acts),
            _TYPES.get(grant.type, grant.type),
            bool(grant.query),
        )
        for grant in grants
    )
    return list(dict.fromkeys(lines))
