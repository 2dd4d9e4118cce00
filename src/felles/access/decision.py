"""Who may read whom. Until care relations exist: staff read every patient, patients themselves, planners nobody."""

from felles.access.person import Person

# The roll-out of the platform needs no patient data, so its people get none.
WITHOUT_PATIENTS = frozenset({"utrullingsleder"})


def may_find(person: Person) -> bool:
    """Whether the person may look for patients at all."""
    return person.patient is None and person.id not in WITHOUT_PATIENTS


def may_read(person: Person, patient: str) -> bool:
    """Whether the person may read the patient of this id."""
    return may_find(person) or person.patient == f"Patient/{patient}"
