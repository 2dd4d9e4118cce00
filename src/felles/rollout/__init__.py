"""Roll-out (utrulling, floor 6): units in waves, gates that answer from the record's own events, and a plan that is
made anew with the smallest change when they answer no.

It keeps no patient data: counts, opaque ids and hashes. What was planned, seen and decided stands in a sealed journal.
"""

from collections.abc import Mapping

from felles.record.store import Sql
from felles.rollout import journal

LINES: Mapping[str, Sql] = journal.LINES
"""The room's statements on its own table, by name."""

__all__ = ["LINES"]
