"""Who is asking, and what for: the value on which everything is decided.

Made once per session or token from the house's directory; holds no patient data but the reader's own id.
"""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Why somebody reads (HL7 v3 PurposeOfUse, 2.16.840.1.113883.1.11.20448; formål med tilgangen)."""

    TREATMENT = "TREAT"
    EMERGENCY = "ETREAT"
    ADMINISTRATION = "HOPERAT"
    QUALITY = "HQUALITY"
    OVERSIGHT = "HCOMPL"
    OWN = "PATRQT"
    REPRESENTING = "PWATRNY"
    SYSTEM = "SYSDEV"


class Kind(StrEnum):
    """What kind of person or program asks."""

    STAFF = "staff"
    PATIENT = "patient"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Role:
    """One employment role at one unit (PractitionerRole). `id` "PractitionerRole/x", `unit` "Organization/y".

    `code` is the category of health personnel (Volven 9060) or the house's own role code; `start` and `end` are
    microseconds since 1970, `end` exclusive, both open where None.
    """

    id: str
    unit: str
    code: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """`id` is "Practitioner/x", "Patient/x" or, for a program, "Device/x"; `session` an opaque id for the log.

    `role` is the one role in which staff work now. `keys` are the 64-bit keys for which a patient's relations
    count: the person, the role, the unit and what lies below it. `party` is "Organization/x" of the legal entity.
    `acts_for` is "Patient/x" whom a representative acts for. `scopes` are SMART scopes; None is no restriction.
    `level` is the assurance level of the sign-in (3 substantial, 4 high; 0: a demo person without a secret).
    `signed` is when the sign-in happened, in seconds.
    """

    id: str
    name: str
    kind: Kind
    role: Role | None = None
    keys: frozenset[int] = frozenset()
    party: str | None = None
    purpose: Purpose = Purpose.TREATMENT
    acts_for: str | None = None
    scopes: tuple[str, ...] | None = None
    level: int = 0
    signed: int = 0
    session: str = ""
    client: str = ""
