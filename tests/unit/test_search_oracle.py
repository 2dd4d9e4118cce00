"""Compiled searches find what the meaning of their conditions says, whatever index they begin with."""

from __future__ import annotations

from functools import lru_cache

import apsw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from felles.record.search import compile, compile_count, parse
from felles.record.search.query import Query
from tests.search_oracle import World, carried
from tests.search_questions import searches
from tests.search_store import filled, run
from tests.search_world import world

SEEDS = (1, 2, 3)


@lru_cache(maxsize=len(SEEDS))
def place(seed: int) -> tuple[World, apsw.Connection]:
    documents = world(seed)
    return World(documents), filled(documents)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.sampled_from(SEEDS), asked=searches())
def test_every_search_finds_what_it_means(seed: int, asked: tuple[str, list[tuple[str, str]]]) -> None:
    every, store = place(seed)
    query = parse(*asked)
    wanted = {one.rid for one in every.find(query.selection)}
    found = [row[0] for row in run(store, compile(query, "sqlite", 10_000))]
    assert len(found) == len(set(found))
    assert set(found) == wanted
    assert run(store, compile_count(query, "sqlite")) == [(len(wanted),)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.sampled_from(SEEDS), asked=searches(), descending=st.booleans(), limit=st.integers(1, 8))
def test_sorting_by_the_primary_date(
    seed: int, asked: tuple[str, list[tuple[str, str]]], descending: bool, limit: int
) -> None:
    every, store = place(seed)
    name, parameters = asked
    date = {"Patient": "birthdate", "Condition": "onset-date"}.get(name, "date")
    if name not in ("Patient", "Encounter", "Observation", "Condition"):
        return
    query = parse(name, [*parameters, ("_sort", f"-{date}" if descending else date)])
    dates = sorted(carried(one) for one in every.find(query.selection))
    absent = [one for one in dates if one == min(dates) and one < -900_000_000_000_000_000]
    dated = dates[len(absent) :]
    ordered = [*(reversed(dated) if descending else dated), *absent]
    assert dates_found(store, query, limit, every) == ordered[:limit]


def dates_found(store: apsw.Connection, query: Query, limit: int, every: World) -> list[int]:
    by_rid = {one.rid: one for one in every.documents}
    return [carried(by_rid[row[0]]) for row in run(store, compile(query, "sqlite", limit))]
