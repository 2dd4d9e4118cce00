"""The statements on the tables of the log (migration 0003), by name.

Many rows go in one statement: PostgreSQL takes arrays, SQLite one blob of bodies, one of hashes, and a JSON list of
what is known of each row. `names` gives the arguments of either.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from felles.record.store import Sql
from felles.record.store.transaction import Dialect

_LOG = "seq, moment, person, act, hash, body"
_SEAL = "number, first, last, moment, root, key, signature"
_AMONG = "IN (SELECT value FROM json_each($1))"

LINES: Mapping[str, Sql] = {
    "log.append": Sql("INSERT INTO trail (body) VALUES ($1)"),
    "log.head": Sql("SELECT seq, seal, hash FROM log_head"),
    "log.head.move": Sql("UPDATE log_head SET seq = $2, seal = $3, hash = $4 WHERE seq = $1"),
    "log.trail": Sql("SELECT seq, body FROM trail ORDER BY seq LIMIT $1"),
    "log.trail.taken": Sql(
        f"DELETE FROM trail WHERE seq {_AMONG}",  # noqa: S608 - a constant
        "DELETE FROM trail WHERE seq = ANY($1::int8[])",
    ),
    "log.segments": Sql("SELECT name, position FROM log_segment"),
    "log.segment.begin": Sql("INSERT INTO log_segment (name, position) VALUES ($1, $2) ON CONFLICT DO NOTHING"),
    "log.segment.move": Sql("UPDATE log_segment SET position = $3 WHERE name = $1 AND position = $2"),
    "log.segment.gone": Sql("DELETE FROM log_segment WHERE name = $1"),
    "log.rows": Sql(
        f"INSERT INTO log ({_LOG}) SELECT $1 + key, json_extract(value, '$[0]'), json_extract(value, '$[1]'), "  # noqa: S608
        "json_extract(value, '$[2]'), substr($3, key * 32 + 1, 32), "
        "substr($2, json_extract(value, '$[3]'), json_extract(value, '$[4]')) FROM json_each($4)",
        f"INSERT INTO log ({_LOG}) SELECT * FROM "  # noqa: S608
        "unnest($1::int8[], $2::int8[], $3::int8[], $4::int4[], $5::bytea[], $6::bytea[])",
    ),
    "log.patients": Sql(
        "INSERT INTO log_patient (patient, seq) "
        "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1) ORDER BY 1, 2",
        "INSERT INTO log_patient (patient, seq) SELECT * FROM unnest($1::int8[], $2::int8[])",
    ),
    "log.seal": Sql(f"INSERT INTO log_seal ({_SEAL}) VALUES ($1, $2, $3, $4, $5, $6, $7)"),  # noqa: S608
    "log.seals": Sql(f"SELECT {_SEAL} FROM log_seal WHERE number > $1 ORDER BY number LIMIT $2"),  # noqa: S608
    "log.row": Sql("SELECT seq, body FROM log WHERE seq = $1"),
    "log.span": Sql("SELECT min(seq), max(seq) FROM log WHERE moment >= $1 AND moment < $2"),
    "log.between": Sql(
        "SELECT seq, body FROM log WHERE +moment >= $1 AND +moment < $2 AND seq > $3 AND seq <= $4 "
        "ORDER BY seq LIMIT $5"
    ),
    "log.of": Sql(
        "SELECT seq, body FROM log WHERE person = $1 AND +moment >= $2 AND +moment < $3 AND seq > $4 AND seq <= $5 "
        "ORDER BY seq LIMIT $6"
    ),
    "log.finding": Sql("INSERT INTO log_finding VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"),
    "log.findings": Sql(
        "SELECT id, moment, kind, person, unit, patient, evidence FROM log_finding WHERE moment >= $1 AND moment < $2 "
        "AND kind NOT IN ('day', 'verified') ORDER BY moment, id"
    ),
    "log.verify": Sql("INSERT INTO log_finding VALUES ($1, $2, 'verified', $3, $4, $5, $6)"),
    "log.verified": Sql(
        "SELECT moment, person, patient, evidence FROM log_finding WHERE kind = 'verified' "
        "ORDER BY moment DESC LIMIT 50"
    ),
    "log.seal.last": Sql(f"SELECT {_SEAL} FROM log_seal ORDER BY number DESC LIMIT 1"),  # noqa: S608
    "log.day": Sql("INSERT INTO log_finding VALUES ($1, $2, 'day', '', '', $3, '[]') ON CONFLICT DO NOTHING"),
    "log.day.last": Sql("SELECT coalesce(max(patient), 0) FROM log_finding WHERE kind = 'day'"),
    "log.patients.of": Sql(
        "SELECT d.key, r.body FROM directory d JOIN resource r ON r.rid = d.rid "  # noqa: S608 - a constant
        f"WHERE d.key {_AMONG} AND r.deleted = 0",
        "SELECT d.key, r.body FROM directory d JOIN resource r ON r.rid = d.rid "
        "WHERE d.key = ANY($1::int8[]) AND r.deleted = 0",
    ),
    "log.names": Sql(
        f"SELECT d.key, r.id FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key {_AMONG}",  # noqa: S608
        "SELECT d.key, r.id FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key = ANY($1::int8[])",
    ),
}


def many(numbers: Sequence[int], dialect: Dialect) -> Any:
    """Numbers as one argument."""
    return list(numbers) if dialect == "postgresql" else orjson.dumps(list(numbers)).decode()


Known = tuple[int, int, int, bytes]
"""Moment, person, act and bytes of a row."""


def rows_args(first: int, rows: Sequence[Known], hashes: Sequence[bytes], dialect: Dialect) -> list[Any]:
    """The arguments of `log.rows`: rows that follow each other from number `first`."""
    if dialect == "postgresql":
        moments, people, acts, bodies = (list(column) for column in zip(*rows, strict=True))
        return [list(range(first, first + len(rows))), moments, people, acts, list(hashes), bodies]
    known, place = [], 1
    for moment, person, act, body in rows:
        known.append((moment, person, act, place, len(body)))
        place += len(body)
    return [first, b"".join([row[3] for row in rows]), b"".join(hashes), orjson.dumps(known).decode()]


def patients_args(pairs: Sequence[tuple[int, int]], dialect: Dialect) -> list[Any]:
    """The arguments of `log.patients`: (patient, row) pairs, each once."""
    if dialect == "postgresql":
        return [[patient for patient, _ in pairs], [seq for _, seq in pairs]]
    return [orjson.dumps(pairs).decode()]
