"""The ledger's statements on its own tables, registered with the record by name."""

from collections.abc import Mapping

from felles.duties.duty import COLUMNS
from felles.record.store import Sql

_ALL = ", ".join(COLUMNS)
_OF = ", ".join(f"d.{name}" for name in COLUMNS)
_MARKS = ", ".join(f"${place}" for place in range(1, len(COLUMNS) + 1))
_SETS = ", ".join(f"{name} = ${place}" for place, name in enumerate(COLUMNS, 1) if name not in ("id", "opened", "kind"))
_KEPT = f"opened = ${COLUMNS.index('opened') + 1} AND kind = ${COLUMNS.index('kind') + 1}"
_TURN = COLUMNS.index("turn") + 1
_INSERT = f"INSERT INTO duty ({_ALL}) VALUES ({_MARKS})"  # noqa: S608


def _locked(sql: str) -> Sql:
    """Rows that a rule changes afterwards stay as they are until its transaction ends; SQLite has one writer."""
    return Sql(sql, f"{sql} FOR UPDATE")


def _among(sql: str) -> Sql:
    many = "= ANY (ARRAY(SELECT value::int8 FROM json_array_elements_text($1::json)))"
    return Sql(sql.format(among="IN (SELECT value FROM json_each($1))"), sql.format(among=many))


def _page(where: str) -> Sql:
    """At most $4 rows from $1's list after (due, id) = ($2, $3)."""
    return Sql(f"SELECT {_ALL} FROM duty WHERE {where} AND (due, id) > ($2, $3) ORDER BY due, id LIMIT $4")  # noqa: S608


_COUNT = "SELECT kind, count(*), {late}, {pool} FROM duty WHERE {where} GROUP BY kind ORDER BY kind"
_LATE = "sum(CASE WHEN due <= $2 THEN 1 ELSE 0 END)"
_POOL = "sum(CASE WHEN person IS NULL OR level >= 1 OR until <= $2 THEN 1 ELSE 0 END)"


def _count(where: str) -> Sql:
    return Sql(_COUNT.format(late=_LATE, pool=_POOL, where=where))


_NET = "opened + received - closed - handed"
_ON_DAY = ", ".join(f"CASE WHEN day = $1 THEN {name} ELSE 0 END AS {name}" for name in
                    ("opened", "received", "closed", "handed"))  # fmt: skip
_BALANCE = (
    "SELECT kind, unit, sum(total) - sum(since), sum(opened), sum(received), sum(closed), sum(handed), "  # noqa: S608
    "sum(total) - sum(after) FROM ("
    "SELECT kind, unit, open AS total, 0 AS since, 0 AS after, 0 AS opened, 0 AS received, 0 AS closed, 0 AS handed "
    "FROM duty_total WHERE true{unit} "
    f"UNION ALL SELECT kind, unit, 0, {_NET}, CASE WHEN day > $1 THEN {_NET} ELSE 0 END, {_ON_DAY} "
    "FROM duty_fold WHERE day >= $1{unit} "
    f"UNION ALL SELECT kind, unit, {_NET}, CASE WHEN day >= $1 THEN {_NET} ELSE 0 END, "
    f"CASE WHEN day > $1 THEN {_NET} ELSE 0 END, {_ON_DAY} FROM duty_delta WHERE true{{unit}}"
    ") AS counted GROUP BY kind, unit ORDER BY unit, kind"
)

_FOLD = (
    "WITH taken AS (DELETE FROM duty_delta WHERE seq IN "
    "(SELECT seq FROM duty_delta ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING *), "
    "summed AS (SELECT unit, kind, day, sum(opened) AS opened, sum(received) AS received, sum(closed) AS closed, "
    "sum(handed) AS handed FROM taken GROUP BY unit, kind, day), "
    "totals AS (INSERT INTO duty_total SELECT unit, kind, sum(opened + received - closed - handed) FROM summed "
    "GROUP BY unit, kind ORDER BY unit, kind ON CONFLICT (unit, kind) DO UPDATE "
    "SET open = duty_total.open + excluded.open) "
    "INSERT INTO duty_fold SELECT * FROM summed ORDER BY unit, kind, day ON CONFLICT (unit, kind, day) DO UPDATE SET "
    "opened = duty_fold.opened + excluded.opened, received = duty_fold.received + excluded.received, "
    "closed = duty_fold.closed + excluded.closed, handed = duty_fold.handed + excluded.handed"
)
_FOLD_EMBEDDED = "DELETE FROM duty_delta WHERE seq <= (SELECT min(seq) + $1 - 1 FROM duty_delta)"

_ENTRIES = "SELECT turn, side, act, unit, person, moment, day, actor, outcome, proof, reason FROM duty_entry"

LINES: Mapping[str, Sql] = {
    "duty open": Sql(_INSERT),
    "duty open once": Sql(f"{_INSERT} ON CONFLICT (id) DO NOTHING RETURNING id"),
    "duty turn": Sql(
        f"UPDATE duty SET {_SETS} WHERE id = $1 AND turn = ${_TURN} - 1 AND {_KEPT} RETURNING id"  # noqa: S608
    ),
    "duty until": Sql("UPDATE duty SET until = $2, next = $3 WHERE id = $1 AND state = 0 RETURNING id"),
    "duty viewed": Sql("UPDATE duty SET viewed = $2 WHERE id = $1 AND turn = $2 RETURNING id"),
    "duty fold": Sql(_FOLD_EMBEDDED, _FOLD),
    "duty deltas": Sql("SELECT 1 FROM duty_delta LIMIT 1"),
    "duty house": Sql("SELECT coalesce((SELECT number FROM epoch WHERE key = 0), 0)"),
    "duty house stands": Sql("SELECT 1 WHERE coalesce((SELECT number FROM epoch WHERE key = 0), 0) = $1"),
    "duty lock": Sql("SELECT $1", "SELECT pg_advisory_xact_lock($1)"),
    "duty by id": Sql(f"SELECT {_ALL} FROM duty WHERE id = $1"),  # noqa: S608
    "duty to settle": _locked(f"SELECT {_ALL} FROM duty WHERE subject = $1 AND kind = $2 AND state = 0 ORDER BY id"),  # noqa: S608
    "duty proved by": _locked(
        f"SELECT {_ALL} FROM duty WHERE subject = $1 AND kind = $2 AND state = 1 AND proof = $3 ORDER BY id"  # noqa: S608
    ),
    "duty to leave": _locked(f"SELECT {_ALL} FROM duty WHERE person = $1 AND state = 0 ORDER BY id"),  # noqa: S608
    "duty to move": _locked(f"SELECT {_ALL} FROM duty WHERE unit = $1 AND state = 0 ORDER BY id"),  # noqa: S608
    "duty due": Sql(f"SELECT {_ALL} FROM duty WHERE state = 0 AND next <= $1 ORDER BY next, id LIMIT $2"),  # noqa: S608
    "duty stale": Sql(f"SELECT {_ALL} FROM duty WHERE viewed < turn ORDER BY id LIMIT $1"),  # noqa: S608
    "duty of subject": Sql(f"SELECT {_ALL} FROM duty WHERE subject = $1 ORDER BY id LIMIT $2"),  # noqa: S608
    "duty of unit": _page("unit = $1 AND state = 0"),
    "duty of person": _page("person = $1 AND state = 0 AND (until IS NULL OR until > $5)"),
    "duty told": _page("watch = $1 AND state = 0"),
    "duty count of unit": _count("unit = $1 AND state = 0"),
    "duty count of person": _count("person = $1 AND state = 0 AND (until IS NULL OR until > $2)"),
    "duty count told": _count("watch = $1 AND state = 0"),
    "duty entries": Sql(f"{_ENTRIES} WHERE duty = $1 ORDER BY turn, side"),
    "duty balance": Sql(_BALANCE.format(unit="")),
    "duty balance of unit": Sql(_BALANCE.format(unit=" AND unit = $2")),
    "duty moved on": Sql(
        f"SELECT {_OF} FROM duty d JOIN (SELECT DISTINCT duty FROM duty_entry WHERE unit = $1 AND day = $2 "  # noqa: S608
        "AND kind = $3 AND duty > $4 AND CASE CAST($5 AS int) "
        "WHEN 1 THEN opened WHEN 2 THEN received WHEN 3 THEN closed ELSE handed END <> 0"
        ") AS e ON e.duty = d.id ORDER BY d.id LIMIT $6"
    ),
    "duty standing on": Sql(
        f"SELECT {_OF} FROM duty d JOIN (SELECT duty FROM duty_entry WHERE unit = $1 AND day <= $2 AND kind = $3 "  # noqa: S608
        f"AND duty > $4 GROUP BY duty HAVING sum({_NET}) <> 0) AS e ON e.duty = d.id ORDER BY d.id LIMIT $5"
    ),
    "duty names": _among(
        "SELECT d.key, r.type, r.id FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key {among}"
    ),
    "duty patient of": Sql("SELECT patient FROM directory WHERE key = $1"),
}
"""Rows of `duty` come in the order of COLUMNS."""
