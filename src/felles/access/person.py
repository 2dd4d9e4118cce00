"""Who may sign in. In a store marked as demo these are made-up people, one for each kind of work."""

from collections.abc import Sequence
from typing import Protocol


class Person(Protocol):
    """Somebody to sign in as. `id` is stable; `role`, `unit` and `description` are words for people.

    `patient` is "Patient/<id>" of somebody who signs in as a patient, None for staff.
    """

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def patient(self) -> str | None: ...


def person_by_id(people: Sequence[Person], wanted: str) -> Person | None:
    """The person of this id, or None when nobody has it."""
    return next((person for person in people if person.id == wanted), None)
