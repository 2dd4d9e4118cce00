"""How often somebody may do something: a bucket of turns that fills up again, by person, for all processes.

The generic cell rate algorithm (ITU-T I.371 annex A): one moment says how full a bucket is, and one statement takes a
turn, so that many at once count as many. Emergencies are counted too, but never stopped: they alarm.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from felles.access.session import digest
from felles.access.table import Tables, put
from felles.record.outcome import Issue, Problem
from felles.record.store import Line, Sql

SECOND = 1_000_000
KEPT = 24 * 3600 * SECOND


@dataclass(frozen=True, slots=True)
class Limit:
    """`turns` at once, and then one more each `seconds`."""

    name: str
    turns: int
    seconds: int

    @property
    def step(self) -> int:
        """What a turn weighs, in microseconds."""
        return self.seconds * SECOND

    def wait(self, until: int, now: int) -> int:
        """Seconds until the next turn; 0 when there is one now."""
        over = until - now - (self.turns - 1) * self.step
        return max(0, -(-over // SECOND))

    def after(self, until: int, now: int) -> int:
        """Until when it weighs once a turn has been taken."""
        return max(until, now) + self.step


FIND = Limit("find", 30, 20)
"""Policy: looking for patients whom one has nothing to do with."""
RECIPIENT = Limit("recipient", 10, 360)
"""Policy: trying who can be given a power of attorney."""
EMERGENCY = Limit("emergency", 3, 3600)
"""Policy: more openings than these are an alarm."""

_TAKE = (
    "INSERT INTO bucket (key, until) VALUES ($1, $2 + $3) "
    "ON CONFLICT (key) DO UPDATE SET until = {latest}(bucket.until, $2) + $3 WHERE bucket.until <= $2 + $4"
)
LINES: Mapping[str, Sql] = {
    "bucket take": Sql(
        _TAKE.format(latest="max"),
        _TAKE.format(latest="GREATEST").replace("$2", "$2::int8").replace("$3", "$3::int8").replace("$4", "$4::int8"),
    ),
    "bucket": Sql("SELECT until FROM bucket WHERE key = $1"),
    "buckets past": Sql("DELETE FROM bucket WHERE until < $1"),
}


async def take(tables: Tables, limit: Limit, who: str, now: int) -> int:
    """Takes a turn for "Practitioner/x" at `now` (microseconds). 0 when there was one, else the seconds to wait."""
    key, spare = _key(limit, who), (limit.turns - 1) * limit.step
    lines = [Line("buckets past", [now - KEPT]), Line("bucket take", [key, now, limit.step, spare], rows=1)]
    if await put(tables, *lines):
        return 0
    rows = await tables.ask("bucket", [key])
    return max(1, limit.wait(rows[0][0] if rows else 0, now))


async def require(tables: Tables, limit: Limit, who: str, now: int) -> None:
    """Takes a turn. Raises Problem 429 (RFC 6585 section 4) when there is none."""
    seconds = await take(tables, limit, who, now)
    if seconds:
        issue = Issue("throttled", f"too often; try again in {seconds} seconds")
        raise Problem(429, (issue,), {"retry-after": str(seconds)})


def _key(limit: Limit, who: str) -> str:
    return digest(f"{limit.name} {who}")
