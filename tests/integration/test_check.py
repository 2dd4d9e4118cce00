"""`check` finds what is wrong, whatever it is, and nothing where nothing is."""

from __future__ import annotations

from pathlib import Path

import apsw
import asyncpg
import pytest

from tests.batch import findings, take, transaction, write

DAMAGE = {
    "an index row lost": ("DELETE FROM token_index WHERE rid = {rid}", "token_index lacks"),
    "an index row too many": (
        "INSERT INTO text_index (patient, term, value, exact, date, rid) VALUES (0, 1, 'x', 1, 0, {rid})",
        "text_index has 1 rows",
    ),
    "an index row of nobody": (
        "INSERT INTO text_index (patient, term, value, exact, date, rid) VALUES (0, 1, 'x', 1, 0, 999999)",
        "text_index has rows of it",
    ),
    "another patient": ("UPDATE resource SET patient = 7 WHERE rid = {rid}", "patient or date"),
    "another patient in the directory": ("UPDATE directory SET patient = 7 WHERE rid = {rid}", "has another patient"),
    "no directory row": ("DELETE FROM directory WHERE rid = {rid}", "the directory does not lead to it"),
    "a directory row too many": ("INSERT INTO directory VALUES (5, 999999, 0)", "the directory leads to a row"),
    "another id": ("UPDATE resource SET id = 'other' WHERE rid = {rid}", "its key is not that of its type and id"),
    "a version skipped": ("UPDATE resource SET number = 9 WHERE rid = {rid}", "meta.versionId in its body"),
    "no change row": ("DELETE FROM change WHERE rid = {rid}", "the feed does not have exactly"),
    "a superseded version lost": ("DELETE FROM version WHERE rid = {rid}", "superseded versions are missing"),
    "a version of nobody": (
        "INSERT INTO version (patient, rid, number, type, updated, kind, body) VALUES (0, 999999, 1, 1, 0, 0, NULL)",
        "belongs to no resource",
    ),
    "another moment": ("UPDATE resource SET updated = updated + 1000000 WHERE rid = {rid}", "disagree on moment"),
    "a broken body": ("UPDATE version SET body = '{{' WHERE rid = {rid}", "no JSON of a resource"),
    "a cursor ahead": ("{cursor}", "cursor w: it stands behind the end"),
}


@pytest.fixture
async def filled(store_url: str, tmp_path: Path) -> str:
    """A store with a resource that has two versions."""
    await take(store_url, write(tmp_path / "a.json", transaction(1)))
    for gender in ("male", "female"):
        line = {"resourceType": "Patient", "id": "p", "gender": gender, "name": [{"family": "Å"}]}
        await take(store_url, write(tmp_path / "p.ndjson", [line]))
    return store_url


async def damage(store: str, sql: str) -> None:
    find = "SELECT rid FROM resource WHERE number = 2"
    if store.startswith("postgresql"):
        connection = await asyncpg.connect(store)
        cursor = "INSERT INTO cursor VALUES ('w', '1', 999999)"
        await connection.execute(sql.format(rid=await connection.fetchval(find), cursor=cursor))
        await connection.close()
        return
    file = apsw.Connection(store)
    cursor = "INSERT INTO cursor VALUES ('w', 999999)"
    file.execute(sql.format(rid=file.execute(find).fetchone()[0], cursor=cursor))
    file.close()


async def test_a_good_store_gives_no_findings(filled: str) -> None:
    assert await findings(filled) == []
    assert await findings(filled, sample=20) == []


@pytest.mark.parametrize("what", DAMAGE)
async def test_damage_is_found(filled: str, what: str) -> None:
    sql, said = DAMAGE[what]
    await damage(filled, sql)
    found = await findings(filled)
    assert [one for one in found if said in one], found
    assert "Å" not in "".join(found)


async def test_a_sample_finds_lost_rows(filled: str) -> None:
    await damage(filled, "DELETE FROM token_index")
    assert [one for one in await findings(filled, sample=30) if "token_index lacks" in one]


async def test_a_file_that_sqlite_finds_broken(tmp_path: Path) -> None:
    store = tmp_path / "felles.db"
    await take(str(store), write(tmp_path / "a.json", transaction(1)))
    connection = apsw.Connection(str(store))
    connection.pragma("writable_schema", 1)
    connection.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, 'updated, rid', 'rid, updated') WHERE name = 'resource_updated'"
    )
    connection.close()
    assert [one for one in await findings(str(store)) if one.startswith("SQLite: ")]
