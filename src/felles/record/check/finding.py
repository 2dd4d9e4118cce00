"""Something in the store that does not hold."""

from dataclasses import dataclass

from felles.record import definition


@dataclass(frozen=True, slots=True)
class Finding:
    """`where` names rows by type and row number, never by what is in them."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


def named(type_number: int | None, rid: int) -> str:
    """A row of the store, as findings name it."""
    known = type_number is not None and 0 < type_number <= len(definition.RESOURCE_TYPES)
    return f"{definition.type_name(type_number) if known and type_number else 'resource'} in row {rid}"
