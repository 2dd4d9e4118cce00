"""The month that an extract is of."""

from dataclasses import dataclass
from datetime import date, timedelta

from felles.duties.calendar import NORWAY


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in local time."""

    year: int
    number: int

    @classmethod
    def of(cls, text: str) -> "Month":
        """The month of "2026-10". Raises ValueError for anything else."""
        found = date.fromisoformat(f"{text}-01")
        return cls(found.year, found.month)

    @classmethod
    def before(cls, day: date) -> "Month":
        """The month before that of a day."""
        last = day.replace(day=1) - timedelta(days=1)
        return cls(last.year, last.month)

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        return self.after - timedelta(days=1)

    @property
    def after(self) -> date:
        """The first day of the following month."""
        return date(self.year + self.number // 12, self.number % 12 + 1, 1)

    @property
    def span(self) -> tuple[int, int]:
        """Its moments [start, end) in microseconds."""
        return NORWAY.moment(self.first), NORWAY.moment(self.after)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"
