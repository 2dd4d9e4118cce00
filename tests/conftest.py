"""What every test may ask for: the shared test data, a PostgreSQL server, and a store on either engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.absence import missing
from tests.cluster import Cluster, Missing

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Tests of the pages share a browser, a server and a region: one worker makes them, and makes them once."""
    for item in items:
        if not {"browser", "site"}.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("browser"))
    yield
    for item in items:
        group = vars(item).get("_nodeid")  # where xdist 3.8 writes a group, and pytest 9.2 no longer looks
        if group and group != item.nodeid:
            item._id = type(item.id).parse(group)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of test data that is not part of the project; without it the test is skipped."""
    place = Path(os.environ.get("FELLES_SHARED") or CHECKOUT.parent / "shared")
    if not (place / "data").is_dir():
        pytest.skip(f"no shared test data at {place} (FELLES_SHARED names another place)")
    return place


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL cluster of this process. A missing server fails in CI and skips elsewhere."""
    try:
        running = Cluster()
    except Missing as reason:
        missing(str(reason))
    yield running
    running.remove()


@pytest.fixture
def postgresql_url(cluster: Cluster) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store's address, once for each engine: a new file, then a new database."""
    if request.param == "sqlite":
        return str(tmp_path / "felles.db")
    address: str = request.getfixturevalue("postgresql_url")
    return address
