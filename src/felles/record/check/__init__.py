"""What must always hold in a store, proven row by row (`felles check`)."""

from felles.record.check.finding import Finding
from felles.record.check.store import check

__all__ = ["Finding", "check"]
