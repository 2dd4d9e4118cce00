"""Who may sign in. In a store marked as demo these are made-up people, one for each kind of work."""

from collections.abc import Sequence
from typing import Protocol


class Person(Protocol):
    """Somebody with a role at a unit. `id` is opaque and stable; `role` and `unit` are words for people."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def unit(self) -> str: ...


def person_by_id(people: Sequence[Person], wanted: str) -> Person | None:
    """The person of this id, or None when nobody has it."""
    return next((person for person in people if person.id == wanted), None)
