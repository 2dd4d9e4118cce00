"""What somebody may see, as plain data that search turns into SQL: rows, counts, chains, includes and histories all
come from one verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from felles.record.search.condition import Condition


@dataclass(frozen=True, slots=True)
class Hidden:
    """Rows of `patient` (a key; 0: of anybody) for which `condition` holds are not there (None: all of them)."""

    patient: int
    condition: "Condition | None" = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see; None is no restriction.

    `patients`: keys of the patients whose record is open. `types`: numbers of the types that may be seen at all.
    `loose`: of those that may be seen where no patient is concerned. `limits`: by type number, what must hold as well.
    A resource that concerns several patients is seen only where the records of all of them are open.
    """

    patients: frozenset[int] | None = None
    types: frozenset[int] | None = None
    loose: frozenset[int] | None = None
    hidden: tuple[Hidden, ...] = ()
    limits: Mapping[int, "Condition"] = field(default_factory=dict)

    def shows(self, type_number: int, patient: int, concerned: Sequence[int] = ()) -> bool:
        """Whether a row of this type about `patient` (0: nobody, or all of `concerned`) may be seen, its own hidden
        conditions and limits aside."""
        if self.types is not None and type_number not in self.types:
            return False
        whom = (patient,) if patient else concerned
        if not whom:
            return self.loose is None or type_number in self.loose
        return self.patients is None or all(one in self.patients for one in whom)

    def is_plain(self, type_number: int, patient: int) -> bool:
        """Whether `shows` alone decides for rows of this type and patient."""
        return type_number not in self.limits and not any(
            not patient or one.patient in (0, patient) for one in self.hidden
        )

    def narrowed(self, patients: frozenset[int]) -> "Sight":
        """The same for these patients only."""
        return replace(self, patients=patients if self.patients is None else self.patients & patients)


ALL = Sight()
