"""What can be asked in SQL: directory, version numbers, change feed, cursors."""

from collections.abc import AsyncIterator

from felles.record.check.finding import Finding, named
from felles.record.store.snapshot import Snapshot

RULES: dict[str, str] = {
    "the directory does not lead to it, or has another patient": """
        SELECT r.type, r.rid FROM resource r LEFT JOIN directory d ON d.key = r.key
        WHERE d.key IS NULL OR d.rid <> r.rid OR d.patient <> r.patient""",
    "the directory leads to a row that is not there or is another's": """
        SELECT r.type, d.rid FROM directory d LEFT JOIN resource r ON r.rid = d.rid
        WHERE r.rid IS NULL OR r.key <> d.key""",
    "the feed does not have exactly the versions 1 to the current one": """
        SELECT r.type, r.rid FROM resource r LEFT JOIN (
          SELECT rid, count(*) AS n, count(DISTINCT number) AS u, min(number) AS low, max(number) AS high
          FROM change GROUP BY rid) c ON c.rid = r.rid
        WHERE c.rid IS NULL OR c.n <> r.number OR c.u <> r.number OR c.low <> 1 OR c.high <> r.number""",
    "the feed names a row that is not there": """
        SELECT c.type, c.rid FROM change c LEFT JOIN resource r ON r.rid = c.rid WHERE r.rid IS NULL""",
    "superseded versions are missing, or are not below the current one": """
        SELECT r.type, r.rid FROM resource r LEFT JOIN (
          SELECT rid, count(*) AS n, min(number) AS low, max(number) AS high FROM version GROUP BY rid) v
          ON v.rid = r.rid
        WHERE coalesce(v.n, 0) <> r.number - 1 OR v.low <> 1 OR v.high <> r.number - 1""",
    "a superseded version belongs to no resource": """
        SELECT v.type, v.rid FROM version v LEFT JOIN resource r ON r.rid = v.rid WHERE r.rid IS NULL""",
    "the feed and a superseded version disagree on moment, type or deletion": """
        SELECT c.type, c.rid FROM change c JOIN version v ON v.rid = c.rid AND v.number = c.number
        WHERE v.updated <> c.updated OR v.type <> c.type OR v.kind <> c.kind OR (v.body IS NULL) <> (c.kind = 2)""",
    "the feed and the current version disagree on moment, type or deletion": """
        SELECT c.type, c.rid FROM change c JOIN resource r ON r.rid = c.rid AND r.number = c.number
        WHERE r.updated <> c.updated OR r.type <> c.type OR (r.deleted = 1) <> (c.kind = 2)""",
    "it is deleted but has a body, or has none and is not deleted": """
        SELECT r.type, r.rid FROM resource r WHERE (r.deleted = 1) <> (r.body IS NULL)""",
    "the feed does not have its versions one after the other": """
        SELECT s.type, s.rid FROM (
          SELECT type, rid, number, lag(number) OVER (PARTITION BY rid ORDER BY {order}) AS before FROM change) s
        WHERE s.number <> coalesce(s.before, 0) + 1""",
}
_LATER = """
    SELECT s.seq FROM (SELECT seq, updated, lag(updated) OVER (ORDER BY seq) AS before FROM change) s
    WHERE s.before > s.updated"""
_CURSORS = """
    SELECT name FROM cursor
    WHERE name NOT LIKE 'import:%' AND position > (SELECT coalesce(max(seq), 0) FROM change)"""

SHOWN = 100


async def tables(moment: Snapshot) -> AsyncIterator[Finding]:
    """Findings of every rule, at most SHOWN of each."""
    order = "xid, seq" if moment.dialect == "postgresql" else "seq"
    for what, sql in RULES.items():
        for type_number, rid in await moment.rows(f"{sql.format(order=order)} LIMIT {SHOWN}"):
            yield Finding(named(type_number, rid), what)
    if moment.dialect == "sqlite":
        for (seq,) in await moment.rows(f"{_LATER} LIMIT {SHOWN}"):
            yield Finding(f"change {seq}", "it is older than the change before it")
    for (name,) in await moment.rows(_CURSORS):
        yield Finding(f"cursor {name}", "it stands behind the end of the feed")
