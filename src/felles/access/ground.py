"""Grounds on which somebody may read, and how what opens and closes a record stands in it as FHIR Consent.

The encoding (https://hl7.org/fhir/R4/consent.html), one Consent for each wish or opening:

- `scope` patient-privacy; `patient` whose record it is; `status` active while it holds, inactive when withdrawn.
- `category` a Coding of system `urn:felles:consent`, one of `Kind`:
  `lock` (opens on the patient's consent or in an emergency), `block` (of named persons; holds in emergencies too),
  `opening` (the patient opens a lock or the record), `emergency` (break-glass), `representation` (power of attorney),
  `objection` (against a purpose, such as quality work).
- `provision.type` deny for lock, block and objection; permit for opening, emergency and representation.
- `provision.period` when it holds; open where an end is absent.
- `provision.actor[].reference` whom it names: Practitioner, PractitionerRole, Organization (with all below it) of
  staff; Patient (a person with a record of their own) or RelatedPerson of a representative. A lock or objection
  without an actor is for everybody; an opening without one opens for whoever has another ground.
- What part, all of these together, each by any of its values; none of them is the whole record:
  `provision.class[].code` resource types, `provision.securityLabel[]` labels in meta.security,
  `provision.data[].reference` single resources, `provision.dataPeriod` when the care took place.
- `provision.purpose` ETREAT for an emergency, HQUALITY and the like for an objection.
- `provision.action` of a representation: system `urn:felles:action`, code `read` (insight) or `act` (on behalf of).
"""

from collections.abc import Mapping
from enum import StrEnum

from felles.record.index.relation import Ground as Relation

CONSENT = "urn:felles:consent"
ACTION = "urn:felles:action"
LABEL = "urn:felles:label"
HIDDEN_FROM_PARENTS = "hidden-from-parents"
"""meta.security of what a child wants kept from the parents (pasient- og brukerrettighetsloven § 3-4), in `LABEL`."""
HIDDEN_FROM_PATIENT = "hidden-from-patient"
"""meta.security of what the patient must not learn from the record (§ 5-1, danger to life or health), in `LABEL`."""


class Kind(StrEnum):
    """What a Consent is, by its category in `CONSENT`."""

    LOCK = "lock"
    BLOCK = "block"
    OPENING = "opening"
    EMERGENCY = "emergency"
    REPRESENTATION = "representation"
    OBJECTION = "objection"


class Ground(StrEnum):
    """Why a reading is lawful: what the log says and the patient sees."""

    ENCOUNTER = "encounter"
    EPISODE = "episode"
    REFERRAL = "referral"
    APPOINTMENT = "appointment"
    PLAN = "plan"
    TEAM = "team"
    DUTY = "duty"
    GP = "gp"
    UNIT = "unit"
    EMERGENCY = "emergency"
    CONSENT = "consent"
    QUALITY = "quality"
    OWN = "own"
    REPRESENTATIVE = "representative"
    SYSTEM = "system"
    OVERSIGHT = "oversight"
    """Of the log, not of the record."""
    LOOSE = "loose"
    """No patient is concerned."""


OF_RELATION: Mapping[int, Ground] = {
    Relation.ENCOUNTER: Ground.ENCOUNTER,
    Relation.EPISODE: Ground.EPISODE,
    Relation.REFERRAL: Ground.REFERRAL,
    Relation.APPOINTMENT: Ground.APPOINTMENT,
    Relation.PLAN: Ground.PLAN,
    Relation.TEAM: Ground.TEAM,
    Relation.DUTY: Ground.DUTY,
    Relation.GP: Ground.GP,
    Relation.CUSTODIAN: Ground.UNIT,
    Relation.CONSENT: Ground.CONSENT,
    Relation.EMERGENCY: Ground.EMERGENCY,
}
"""The ground that a relation of the index makes for staff."""
