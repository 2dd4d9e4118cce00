"""The eight people whom the sign-in page offers, by role."""

from dataclasses import dataclass

from felles.demo.code import rows
from felles.demo.staff import Worker, worker
from felles.demo.story import STORY


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as. References are "Type/id"; `patient` only for the patient, the others for staff."""

    key: str
    title: str
    name: str
    description: str
    practitioner: str | None
    role: str | None
    organization: str | None
    unit: str | None
    patient: str | None


def _staff(row: dict[str, str], who: Worker) -> DemoPerson:
    return DemoPerson(
        row["key"], row["title"], who.name, row["description"], who.practitioner, who.role,
        who.place.organization, who.place.name, None,
    )  # fmt: skip


def people() -> tuple[DemoPerson, ...]:
    """Seven members of staff and the patient of the story, in the order of the sign-in page."""
    found = [_staff(row, worker(row["key"])) for row in rows("people.csv")]
    words = "Innbygger i Trondheim, nylig hjemme fra sykehus"
    patient = f"Patient/{STORY['patient']}"
    return (*found, DemoPerson("pasient", "Pasient", STORY["name"], words, None, None, None, None, patient))
