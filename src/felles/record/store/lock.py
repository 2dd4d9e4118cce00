"""The second lock of a region's store: row-level security on a role that only reads (migration `0008_lock`).

A guarded statement carries its context with it, in the same round trip and its own transaction: nothing of it is left
on the connection, and without it there is no row. What writes, decides and migrates is the owner of the store.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import asyncpg

from felles.record.store.transaction import Reading

READABLE = (
    "resource",
    "version",
    "change",
    "directory",
    "concern_index",
    "relation_index",
    "epoch",
    "token_index",
    "patient_index",
    "text_index",
    "date_index",
    "quantity_index",
    "reference_index",
    "composite_index",
)
"""All that guarded reading needs; of everything else (log, duties, accounts, apps, pages) the role knows nothing."""

LONGEST = 63
"""Bytes of a name in PostgreSQL."""
FEW = 16
"""Patients up to whom a row is soonest compared with each."""
_SETTINGS = ("sight", "patients", "crowd", "subjects")
_WRONG = """
SELECT relname::text FROM pg_class, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) AS kind
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
AND pg_get_userbyid(relowner) = current_user
AND has_table_privilege($1::name, pg_class.oid, kind) <> (kind = 'SELECT' AND relname = ANY($2::name[]))
GROUP BY relname
"""
"""The store's tables on which the role has other rights than it is to have."""


class Unready(ValueError):
    """There is no reading role, and no right to make one."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a guarded statement may see at the most: the rows of these patients (keys) and of nobody, or everything. A
    single resource that is met by its name may be seen as well where its patient has a relation to a subject."""

    patients: frozenset[int] = frozenset()
    subjects: frozenset[int] = frozenset()
    everything: bool = False

    def settings(self, *, related: bool) -> tuple[str, str, str, str]:
        """The values of `_SETTINGS`."""
        patients, few = _array(self.patients), len(self.patients) <= FEW
        subjects = self.subjects if related else frozenset[int]()
        return "all" if self.everything else "some", patients if few else "", "" if few else patients, _array(subjects)


def _array(keys: frozenset[int]) -> str:
    """Without 0, which is nobody's key but stands for nobody in the tables."""
    return f"{{{','.join(map(str, filter(None, keys)))}}}" if keys else ""


@lru_cache(maxsize=1_024)
def fenced(sql: str, arguments: int) -> str:
    """`sql` behind its context, whose settings are further arguments. The offset depends on the context, so that it
    is set before the first row is looked for, and is an error where the connection is not the reading role's."""
    settings = ", ".join(
        f"set_config('felles.{name}', ${place}, true)" for place, name in enumerate(_SETTINGS, arguments + 1)
    )
    return (
        f"WITH c AS MATERIALIZED (SELECT {settings}, row_security_active('resource') AS locked) "  # noqa: S608
        f"SELECT q.* FROM c CROSS JOIN LATERAL (SELECT s.* FROM ({sql}) s "
        "OFFSET CASE WHEN c.locked THEN 0 ELSE -1 END) q"
    )


async def behind(
    store: Reading, sql: str, args: Sequence[Any], context: Context, *, related: bool = False
) -> list[tuple[Any, ...]]:
    """The rows of a guarded statement; `related`: it asks for a single resource by its name. An embedded store has no
    roles, and so no second lock."""
    seen = getattr(store, "seen", None)
    if seen is None:
        return await store.rows(sql, args)
    rows: list[tuple[Any, ...]] = await seen(sql, args, context, related=related)
    return rows


def role_of(database: str) -> str:
    """The name of the reading role of a database: roles belong to the whole server, so that each store has its own."""
    name = f"felles_reader_{database}"
    if len(name.encode()) <= LONGEST:
        return name
    return f"felles_reader_{hashlib.sha256(database.encode()).hexdigest()[:32]}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def ready(connection: Any) -> str:
    """The reading role with exactly its rights, made where it is missing. Raises Unready."""
    role = role_of(await connection.fetchval("SELECT current_database()"))
    await _stand(connection, role)
    await _grant(connection, role)
    return role


async def _stand(connection: Any, role: str) -> None:
    owner, server = await connection.fetchval("SELECT current_user"), connection.get_server_version()
    found = await connection.fetchrow("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1", role)
    if found is not None and found[0]:
        raise Unready(
            f"the role {role} passes by row-level security: ALTER ROLE {_quoted(role)} NOSUPERUSER NOBYPASSRLS"
        )
    kind = "SET" if server.major >= 16 else "MEMBER"
    wanted = [] if found else [f"CREATE ROLE {_quoted(role)} NOLOGIN NOBYPASSRLS"]
    if found is None or not await connection.fetchval("SELECT pg_has_role($1::name, $2)", role, kind):
        wanted.append(f"GRANT {_quoted(role)} TO {_quoted(owner)}")
    try:
        async with connection.transaction():
            for statement in wanted:
                await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError as error:
        said = "; ".join(wanted)
        raise Unready(
            f"the store's reading role is missing; let an administrator of the server run: {said};"
        ) from error


async def _grant(connection: Any, role: str) -> None:
    """Rights that somebody else has given are taken away."""
    wrong = [row[0] for row in await connection.fetch(_WRONG, role, list(READABLE))]
    if not wrong:
        return
    schema, name = _quoted(await connection.fetchval("SELECT current_schema()")), _quoted(role)
    await connection.execute(f"REVOKE ALL ON {', '.join(map(_quoted, wrong))} FROM {name}, PUBLIC")
    await connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
    await connection.execute(f"GRANT SELECT ON {', '.join(READABLE)} TO {name}")
