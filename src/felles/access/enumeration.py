"""How often somebody may ask in vain: ids are not to be found by trying them.

Whoever is let in and then refused again and again waits; a program that works on everybody's behalf is counted by its
scopes, not here. Each process counts for itself.
"""

from dataclasses import dataclass, field

from felles.access.limit import SECOND, Limit
from felles.access.who import Kind, Who
from felles.record.outcome import Issue, Problem

VAIN = Limit("vain", 120, 1)
"""Policy: so many answers that something is not there, or not for the one who asks, and then one a second."""
VAIN_STATUS = frozenset((403, 404))
MAX_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class Enumeration:
    """Until when somebody's vain questions weigh, in microseconds, by person."""

    until: dict[str, int] = field(default_factory=dict)

    def require(self, who: Who, now: int) -> None:
        """Raises Problem 429 (RFC 6585 § 4) for whoever has asked in vain too often."""
        seconds = VAIN.wait(self.until.get(who.id, 0), now)
        if seconds and who.kind is not Kind.SYSTEM:
            issue = Issue("throttled", f"too many requests for what is not there or not yours; wait {seconds} seconds")
            raise Problem(429, (issue,), {"retry-after": str(seconds)})

    def count(self, who: Who, status: int, closed: int, now: int) -> None:
        """An answer with this status, on whose way so many closed resources were met."""
        if status not in VAIN_STATUS or who.kind is Kind.SYSTEM:
            return
        if len(self.until) >= MAX_PEOPLE:
            self._forget(now)
        most = now + VAIN.turns * SECOND * VAIN.seconds
        found = self.until.get(who.id, 0)
        for _ in range(min(max(closed, 1), VAIN.turns)):
            found = VAIN.after(found, now)
        self.until[who.id] = min(found, most)

    def _forget(self, now: int) -> None:
        for one in [one for one, until in self.until.items() if until <= now]:
            del self.until[one]
