"""The second lock of a PostgreSQL store: with the record's own conditions taken away, nothing of anybody leaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from felles.record import search
from felles.record.index.value import key64
from felles.record.record import Record
from felles.record.store.lock import READABLE, Context, fenced, role_of
from tests.integration.conftest import Client
from tests.integration.region import People, build, encounter, observation, patient, ref
from tests.integration.test_guard import ways

pytestmark = pytest.mark.anyio
LOCKED = [name for name in READABLE if name not in ("directory", "concern_index", "epoch")]
OF_PATIENTS = [name for name in LOCKED if name != "relation_index"]
ANNA, BERIT = key64("Patient/anna"), key64("Patient/berit")


@pytest.fixture
async def people(postgresql_url: str) -> AsyncIterator[People]:
    """anna lies in the ward; berit did, years ago; both have an appointment together."""
    record = await Record.open(postgresql_url)
    await build(record)
    for name in ("anna", "berit"):
        await record.update(patient(name) | {"name": [{"family": name}]})
        await record.update(observation(f"pulse-{name}", name))
        await record.update(observation(f"pulse-{name}", name, status="amended"))
    past = {"start": "2019-01-01", "end": "2019-01-02"}
    await record.update(encounter("stay", "anna", "ward"))
    await record.update(encounter("old", "berit", "ward", "finished", period=past))
    both = [{"actor": ref(f"Patient/{name}"), "status": "accepted"} for name in ("anna", "berit")]
    await record.update({"resourceType": "Appointment", "id": "both", "status": "proposed", "participant": both})
    yield People(record)
    await record.close()


@pytest.fixture
async def reader(people: People, postgresql_url: str) -> AsyncIterator[Any]:
    """A connection as the reading role has it."""
    connection = await connected(postgresql_url)
    yield connection
    await connection.close()


async def connected(url: str) -> Any:
    return await asyncpg.connect(url, server_settings={"role": role_of(urlsplit(url).path[1:])})


async def patients_in(connection: Any, table: str, context: Context, *, related: bool = False) -> set[int]:
    """Of whom a table shows rows."""
    sql = fenced(f"SELECT DISTINCT patient FROM {table}", 0)
    return {row[0] for row in await connection.fetch(sql, *context.settings(related=related))}


async def test_without_a_context_there_is_no_row(reader: Any) -> None:
    for table in LOCKED:
        assert await reader.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_a_context_shows_the_rows_of_its_patients_and_of_nobody(people: People, reader: Any) -> None:
    for table in OF_PATIENTS:
        assert await patients_in(reader, table, Context()) <= {0}
        assert await patients_in(reader, table, Context(frozenset((ANNA,)))) - {0} <= {ANNA}
        every = {row[0] for row in await people.record.store.reading.rows(f"SELECT DISTINCT patient FROM {table}")}
        assert await patients_in(reader, table, Context(everything=True)) == every
    assert await patients_in(reader, "resource", Context(frozenset((ANNA,)))) == {0, ANNA}


async def test_what_concerns_several_is_shown_where_all_are_open(reader: Any) -> None:
    wanted = fenced("SELECT count(*) FROM resource WHERE id = 'both'", 0)
    for open_to, count in (((), 0), ((ANNA,), 0), ((BERIT,), 0), ((ANNA, BERIT), 1)):
        assert await reader.fetchval(wanted, *Context(frozenset(open_to)).settings(related=False)) == count
        crowd = frozenset((*open_to, *range(100)))
        assert await reader.fetchval(wanted, *Context(crowd).settings(related=False)) == count


async def test_any_context_shows_what_it_says(people: People, reader: Any) -> None:
    """Few and many, the rows are those the owner finds."""
    chance = random.Random(1)
    for _ in range(60):
        crowd = range(chance.choice((0, 3, 40)))
        keys = frozenset((*chance.sample((ANNA, BERIT), chance.randint(0, 2)), *crowd))
        table = chance.choice([name for name in OF_PATIENTS if name not in ("resource", "version")])
        sql = f"SELECT rid FROM {table} WHERE patient = 0 OR patient = ANY($1::int8[]) ORDER BY rid"
        wanted = await people.record.store.reading.rows(sql, (list(keys),))
        seen = await reader.fetch(
            fenced(f"SELECT rid FROM {table} ORDER BY rid", 0), *Context(keys).settings(related=False)
        )
        assert [tuple(row) for row in seen] == wanted


async def test_relations_lead_to_one_resource_and_to_no_search(reader: Any) -> None:
    ward = Context(subjects=frozenset((key64("Organization/ward"),)))
    assert await patients_in(reader, "resource", ward, related=True) >= {ANNA, BERIT}
    assert await patients_in(reader, "resource", ward) == {0}
    assert await patients_in(reader, "relation_index", ward) == set()
    other = Context(subjects=frozenset((key64("Organization/ward2"),)))
    assert await patients_in(reader, "resource", other, related=True) == {0}
    assert await patients_in(reader, "relation_index", other, related=True) == set()


async def test_with_the_conditions_of_search_taken_away_nothing_leaks(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every way to what the nurse may not see, by SQL that asks nothing of who reads."""
    nurse = await people.staff("nurse")
    assert set((await ways(Client(people.record), "berit", "pulse-berit")).values()) == {True}
    for place in ("felles.record.search.sql.seen.seen", "felles.record.search.sql.selection.seen"):
        monkeypatch.setattr(place, lambda *_: "1 = 1")
    assert set((await ways(nurse, "anna", "pulse-anna")).values()) == {True}
    assert set((await ways(nurse, "berit", "pulse-berit")).values()) == {False}
    zone = await people.staff("zone")
    for name in ("anna", "berit"):
        assert set((await ways(zone, name, f"pulse-{name}")).values()) == {False}


QUESTIONS: Sequence[tuple[str, list[tuple[str, str]]]] = (
    ("Observation", []),
    ("Observation", [("code", "http://loinc.org|8867-4")]),
    ("Observation", [("date", "ge2020"), ("_sort", "-date")]),
    ("Observation", [("value-quantity", "gt1")]),
    ("Observation", [("patient.family", "ber")]),
    ("Patient", [("family", "ber")]),
    ("Patient", [("_has:Observation:subject:code", "8867-4")]),
    ("Encounter", [("status", "finished")]),
    ("Appointment", [("patient", "berit")]),
)


async def test_statements_without_a_condition_give_nothing_of_others(people: People) -> None:
    nurse = (await people.staff("nurse")).record.reader
    await nurse.guard.sight(frozenset((ANNA, BERIT)))
    for type_name, parameters in QUESTIONS:
        query = search.parse(type_name, parameters)
        statement = search.compile(query, "postgresql", 100)
        rids = [row[0] for row in await nurse.rows(statement.sql, statement.args)]
        sql = "SELECT DISTINCT patient FROM resource WHERE rid = ANY($1::int8[])"
        assert {row[0] for row in await people.record.store.reading.rows(sql, (rids,))} <= {ANNA}
        count = search.compile_count(query, "postgresql")
        if type_name != "Appointment":  # of index rows, those of what concerns several are of nobody
            assert await nurse.rows(count.sql, count.args) == [(len(rids),)]


async def test_the_reading_role_writes_nothing_and_knows_no_other_table(reader: Any) -> None:
    names = [row[0] for row in await reader.fetch("SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') "
                                                  "AND relnamespace = 'public'::regnamespace")]  # fmt: skip
    others = set(names) - set(READABLE)
    assert {"trail", "log", "duty", "session", "account", "app", "page", "store"} <= others
    for name in names:
        for sql in (f"DELETE FROM {name}", f"TRUNCATE {name}", f"INSERT INTO {name} DEFAULT VALUES"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.execute(sql)
    for name in others:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch(f"SELECT * FROM {name}")
    for sql in ("UPDATE resource SET body = NULL", "ALTER TABLE resource DISABLE ROW LEVEL SECURITY",
                "DROP POLICY opened ON resource", "CREATE TABLE mine (x int)"):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(sql)


async def test_a_connection_that_is_no_longer_the_readers_gives_nothing_and_goes(people: People) -> None:
    nurse = (await people.staff("nurse")).record.reader
    await nurse.guard.sight(frozenset((ANNA,)))
    await nurse.rows("SELECT set_config('role', 'none', false)")
    with pytest.raises(asyncpg.PostgresError, match="OFFSET"):
        await nurse.rows("SELECT id FROM resource")
    found = await nurse.rows("SELECT id FROM resource WHERE patient <> 0 ORDER BY id")
    assert {row[0] for row in found} == {"anna", "pulse-anna", "stay"}


async def test_nothing_of_a_context_is_left_on_a_connection(reader: Any) -> None:
    one = await reader.prepare(fenced("SELECT id FROM resource WHERE patient <> 0", 0))
    for _ in range(12):  # past the fifth execution the plan is one for any argument
        assert len(await one.fetch(*Context(frozenset((ANNA,))).settings(related=False))) == 3
        assert await one.fetch(*Context().settings(related=False)) == []
        assert len(await one.fetch(*Context(everything=True).settings(related=False))) == 6
        assert await reader.fetch("SELECT id FROM resource") == []
    assert await reader.fetchval("SELECT current_setting('felles.patients', true)") == ""


async def test_readers_side_by_side_on_the_same_connections_see_their_own(people: People) -> None:
    async def read(client: Client, found: set[str]) -> None:
        for _ in range(15):
            assert set((await client("GET", "Observation")).ids) == found
            assert (await client("GET", "Observation/pulse-anna")).status == (200 if found else 404)

    nurse, anna, zone = await people.staff("nurse"), people.patient("anna"), await people.staff("zone")
    own = {"pulse-anna"}
    readers = [
        read(client, found) for client, found in ((nurse, own), (anna, own), (zone, set[str]())) for _ in "12345"
    ]
    await asyncio.gather(*readers)
