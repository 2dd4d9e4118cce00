"""Allergies and intolerances (FHIR R4 AllergyIntolerance): the dangerous first."""

from collections.abc import Iterable
from dataclasses import dataclass

from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.text import Resource, code_of, coded
from felles.web.chart.words import N_

# SNOMED CT 716186003 |No known allergy| and its narrower kinds that are registered instead of an allergy
DENIALS = {"716186003", "409137002", "429625007", "428607008", "no-known-allergies"}
VERIFICATIONS = {
    "unconfirmed": N_("ubekreftet"),
    "presumed": N_("antatt"),
    "confirmed": N_("bekreftet"),
    "differential": N_("uavklart"),
}


@dataclass(frozen=True, slots=True)
class Allergy:
    """One active allergy; `denial` means that somebody asked and there is none."""

    substance: str
    reactions: str
    critical: bool
    verification: str
    recorded: Moment | None
    denial: bool


def _active(allergy: Resource) -> bool:
    refuted = code_of(allergy.get("verificationStatus")) in ("refuted", "entered-in-error")
    return code_of(allergy.get("clinicalStatus")) not in ("inactive", "resolved") and not refuted


def _critical(allergy: Resource) -> bool:
    severe = any(reaction.get("severity") == "severe" for reaction in allergy.get("reaction", ()))
    return allergy.get("criticality") == "high" or severe


def _view(allergy: Resource) -> Allergy:
    manifestations = [coded(m) for r in allergy.get("reaction", ()) for m in r.get("manifestation", ())]
    return Allergy(
        substance=coded(allergy.get("code")),
        reactions=", ".join(dict.fromkeys(manifestations)),
        critical=_critical(allergy),
        verification=VERIFICATIONS.get(code_of(allergy.get("verificationStatus")), ""),
        recorded=parse_moment(allergy.get("recordedDate") or allergy.get("onsetDateTime")),
        denial=code_of(allergy.get("code")) in DENIALS,
    )


def allergy_views(allergies: Iterable[Resource]) -> list[Allergy]:
    """Active allergies, critical ones first, then by name."""
    views = [_view(allergy) for allergy in allergies if _active(allergy)]
    return sorted(views, key=lambda view: (not view.critical, view.substance.casefold()))
