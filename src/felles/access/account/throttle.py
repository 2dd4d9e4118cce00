"""Guessing is slow: after some failures nothing is tried for a while, longer each time, by account and by address.

The failure is written before anything is tried and taken back on success, so that many guesses at once count as many.
(OWASP ASVS 5, V6.3.1; NIST SP 800-63B section 5.2.2.) Every delay ends by itself, and passkeys are not delayed at all.
"""

from felles.access.session import digest
from felles.access.table import Tables, put
from felles.record.store import Line

FREE, LONGEST_SECONDS = 5, 15 * 60
FREE_ADDRESS = 50
"""Many work behind one address."""

FORGOTTEN_SECONDS = 24 * 3600


def delay(count: int, free: int = FREE) -> int:
    """Seconds to wait after so many failures: none for the first few, then 2, 4, 8 ... to LONGEST_SECONDS."""
    return min(2 ** min(count - free, 20), LONGEST_SECONDS) if count > free else 0


class Throttle:
    """The failures of one attempt: of the account that is named and the address it comes from."""

    def __init__(self, tables: Tables, account: str, address: str) -> None:
        self._tables = tables
        self._account, self._address = digest(f"account {account}"), digest(f"address {address}")
        self._frees = {self._account: FREE, self._address: FREE_ADDRESS}

    async def enter(self, now: float) -> int:
        """Counts an attempt. 0: it may be made, else the seconds to wait."""
        lines = [Line("failures past", [int(now) - FORGOTTEN_SECONDS])]
        for key, free in self._frees.items():
            rows = await self._tables.ask("failure", [key])
            count, until = rows[0] if rows and rows[0][1] >= int(now) - FORGOTTEN_SECONDS else (0, 0)
            if until > now:
                return int(until - now) + 1
            lines.append(_counted(key, count, until, int(now) + delay(count + 1, free)))
        return 0 if await put(self._tables, *lines) else 1

    def pardon(self) -> list[Line]:
        """What takes this attempt back, and the account's failures, to be written with the sign-in."""
        return [Line("failure clear", [self._account]), Line("failure less", [self._address])]


def _counted(key: str, count: int, until: int, blocked: int) -> Line:
    """One failure more, unless somebody else has counted meanwhile."""
    if count == 0:
        return Line("failure first", [key, blocked], rows=1)
    return Line("failure again", [key, count + 1, blocked, count, until], rows=1)
