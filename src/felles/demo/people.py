"""The people whom the sign-in page offers, by role: eight around the patients, and two who lead and control."""

from dataclasses import dataclass

from felles.demo.code import rows
from felles.demo.place import municipalities
from felles.demo.staff import Worker, worker
from felles.demo.story import STORY


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as; `role`, `unit` and `group` (empty for the first eight) are words for people.

    `practitioner`, `practitioner_role` and `organization` are "Type/id" of staff, `patient` that of the patient; the
    others are None.
    """

    id: str
    role: str
    name: str
    unit: str
    description: str
    practitioner: str | None = None
    practitioner_role: str | None = None
    organization: str | None = None
    patient: str | None = None
    group: str = ""


def _staff(row: dict[str, str], who: Worker) -> DemoPerson:
    return DemoPerson(
        row["key"], row["title"], who.name, who.place.name, row["description"], who.practitioner, who.role,
        who.place.organization, group=row["group"],
    )  # fmt: skip


def people() -> tuple[DemoPerson, ...]:
    """Seven members of staff, the patient of the story, and leadership, in the order of the sign-in page."""
    staff = [_staff(row, worker(row["key"])) for row in rows("people.csv")]
    care, control = ([one for one in staff if bool(one.group) is late] for late in (False, True))
    words = "Nylig hjemme fra sykehus, får besøk av hjemmetjenesten hver morgen"
    town = municipalities()["trondheim"].name
    patient = DemoPerson("pasient", "Pasient", STORY["name"], town, words, patient=f"Patient/{STORY['patient']}")
    return (*care, patient, *control)
