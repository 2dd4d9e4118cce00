"""The reading role of a PostgreSQL store: made, seen to and refused when a store is opened, and after a restore."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import asyncpg
import pytest

from felles.record.bulk.backup import backup, restore
from felles.record.record import Record
from felles.record.store.lock import LONGEST, READABLE, Unready, role_of
from tests.cluster import Cluster
from tests.integration.region import People, build, encounter, observation, patient

pytestmark = pytest.mark.anyio


async def told(cluster: Cluster, name: str, *statements: str) -> None:
    connection = await asyncpg.connect(cluster.url(name))
    try:
        for one in statements:
            await connection.execute(one)
    finally:
        await connection.close()


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[str]:
    name = await anyio.to_thread.run_sync(cluster.create)
    yield name
    await anyio.to_thread.run_sync(cluster.drop, name)


async def region(url: str) -> Record:
    record = await Record.open(url)
    await build(record)
    await record.update(patient("anna"))
    await record.update(encounter("stay", "anna", "ward"))
    await record.update(observation("pulse-anna", "anna"))
    return record


async def seen(record: Record) -> set[str]:
    """What the nurse reads, and that somebody without a relation reads nothing."""
    people = People(record)
    assert (await (await people.staff("zone"))("GET", "Observation")).ids == []
    return set((await (await people.staff("nurse"))("GET", "Observation")).ids)


async def test_an_owner_who_may_make_no_roles_is_told_what_to_run(cluster: Cluster, database: str) -> None:
    owner, role = f"plain_{database}", role_of(database)
    await told(cluster, database, f"CREATE ROLE {owner} LOGIN", f"ALTER DATABASE {database} OWNER TO {owner}")
    await told(cluster, database, f"ALTER SCHEMA public OWNER TO {owner}")
    url = cluster.url(database).replace("felles@", f"{owner}@")
    with pytest.raises(Unready) as refused:
        await Record.open(url)
    commands = str(refused.value).partition("run: ")[2]
    assert commands == f'CREATE ROLE "{role}" NOLOGIN NOBYPASSRLS; GRANT "{role}" TO "{owner}";'
    await told(cluster, database, commands)
    record = await region(url)
    assert await seen(record) == {"pulse-anna"}
    await record.close()
    await told(cluster, database, f"REASSIGN OWNED BY {owner} TO felles")


async def test_an_owner_with_createrole_makes_the_role(cluster: Cluster, database: str) -> None:
    owner = f"maker_{database}"
    await told(cluster, database, f"CREATE ROLE {owner} LOGIN CREATEROLE")
    await told(
        cluster, database, f"ALTER DATABASE {database} OWNER TO {owner}", f"ALTER SCHEMA public OWNER TO {owner}"
    )
    record = await region(cluster.url(database).replace("felles@", f"{owner}@"))
    assert await seen(record) == {"pulse-anna"}
    await record.close()
    await told(cluster, database, f"REASSIGN OWNED BY {owner} TO felles")


async def test_a_role_that_passes_by_the_lock_is_refused(cluster: Cluster, database: str) -> None:
    await told(cluster, database, f'CREATE ROLE "{role_of(database)}" NOLOGIN BYPASSRLS')
    with pytest.raises(Unready, match="NOBYPASSRLS"):
        await Record.open(cluster.url(database))


async def test_rights_that_somebody_has_given_are_taken_away(cluster: Cluster, database: str) -> None:
    record, role = await region(cluster.url(database)), role_of(database)
    await record.close()
    await told(cluster, database, f"GRANT ALL ON log, resource TO {role}", "GRANT SELECT ON duty TO PUBLIC")
    await told(cluster, database, f"REVOKE SELECT ON version FROM {role}")
    record = await Record.open(cluster.url(database))
    sql = (
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
        "AND has_table_privilege($1::name, oid, $2)"
    )
    assert {row[0] for row in await record.store.reading.rows(sql, (role, "SELECT"))} == set(READABLE)
    for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"):
        assert await record.store.reading.rows(sql, (role, right)) == []
    await record.close()


async def test_a_restored_store_has_the_lock_and_its_own_role(cluster: Cluster, database: str, tmp_path: Path) -> None:
    record = await region(cluster.url(database))
    await record.close()
    await backup(cluster.url(database), tmp_path / "copy")
    other = await anyio.to_thread.run_sync(cluster.create)
    await restore(tmp_path / "copy", cluster.url(other))
    record = await Record.open(cluster.url(other))
    assert await seen(record) == {"pulse-anna"}
    await record.close()
    await restore(tmp_path / "copy", cluster.url(other), replace=True)
    reader = await asyncpg.connect(cluster.url(other), server_settings={"role": role_of(other)})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader.fetch("SELECT * FROM resource")
    await (await Record.open(cluster.url(other))).close()
    assert await reader.fetch("SELECT * FROM resource") == []
    await reader.close()
    await anyio.to_thread.run_sync(cluster.drop, other)


def test_each_database_has_a_role_of_its_own_with_a_name_that_fits() -> None:
    names = ("felles", "x" * 62 + "1", "x" * 62 + "2", "ø" * 31)
    roles = {role_of(name) for name in names}
    assert len(roles) == len(names)
    assert all(len(role.encode()) <= LONGEST for role in roles)
