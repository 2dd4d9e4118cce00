"""The test bed itself: both engines answer, each test in a store of its own."""

from __future__ import annotations

import asyncpg
import pytest


async def test_a_new_database_is_empty_and_durable(postgresql_url: str) -> None:
    connection = await asyncpg.connect(postgresql_url)
    try:
        assert (
            await connection.fetchval("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
        )
        assert await connection.fetchval("SHOW fsync") == "on"
        assert await connection.fetchval("SHOW server_version_num") >= "150000"
    finally:
        await connection.close()


def test_a_store_address_for_each_engine(store_url: str, request: pytest.FixtureRequest) -> None:
    assert store_url.startswith("postgresql://") == ("postgresql" in request.node.name)
