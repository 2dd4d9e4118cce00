"""One made-up region and one server for all tests of the pages, and a browser."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from felles import app
from felles.demo import STORY, region
from felles.record.bulk.generation import mark
from felles.record.prepare import prepare, receive
from felles.record.record import Record
from felles.record.store.write import Kind, Origin, Write
from tests.absence import missing
from tests.server import serving
from tests.wire import Wire

CHROMIUM = Path("/usr/bin/chromium")
PATIENTS, BATCH = 20, 1000
LAPTOP: Any = {"width": 1366, "height": 768}


def _write(resource: dict[str, Any]) -> Write:
    return prepare(receive(orjson.dumps(resource), resource=resource), resource["id"], Kind.UPDATE, -1)


def _patient(resource: dict[str, Any]) -> str:
    """The id of whom a resource is about, empty for what is about nobody."""
    about = [resource.get(name) for name in ("subject", "patient", "for")]
    about += [p.get("actor") for p in resource.get("participant", ()) if isinstance(p, dict)]
    references = [r["reference"] for r in about if isinstance(r, dict) and "reference" in r]
    own = [r.partition("/")[2] for r in references if r.startswith("Patient/")]
    return resource["id"] if resource["resourceType"] == "Patient" else next(iter(own), "")


def _some() -> list[dict[str, Any]]:
    """Every place and worker, the patient of the story, whoever gave a power of attorney, and some others."""
    everything = list(region(PATIENTS))
    people = [r["id"] for r in everything if r["resourceType"] == "Patient"]
    powers = [r for r in everything if r["resourceType"] == "Consent" and "action" in r["provision"]]
    kept = {"", STORY["patient"], *people[::20], *map(_patient, powers)}
    return [r for r in everything if _patient(r) in kept]


async def _fill(path: Path) -> None:
    await mark(str(path))
    unmarked = await Record.open(path)
    await unmarked.store.set_note("demo", "yes")
    await unmarked.close()
    some = _some()
    times = [one for one in some if one["resourceType"] == "Slot"]
    await _put(await Record.open(path), [one for one in some if one["resourceType"] != "Slot"])
    await _put(await Record.open(path, app.RULES, lines=app.LINES), [*times, _answer()])


def _answer() -> dict[str, Any]:
    """An answer that has just come, and that the patient's GP is owed a look at."""
    return {
        "resourceType": "DiagnosticReport", "id": "fresh", "status": "final", "code": {"text": "Blodprøver i dag"},
        "subject": {"reference": f"Patient/{STORY['patient']}"}, "conclusion": "Alle verdier er innenfor det vanlige.",
        "issued": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


async def _put(record: Record, resources: list[dict[str, Any]]) -> None:
    """Slots and the answer with the rules, by which they can be booked and are owed; all else without, which is
    quicker."""
    writes = [_write(resource) for resource in resources]
    for start in range(0, len(writes), BATCH):
        await record.commit(writes[start : start + BATCH], origin=Origin.DEMO)
    await record.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server over a small demo region, or of the one that FELLES_TEST_SITE names."""
    if "FELLES_TEST_SITE" in os.environ:
        yield os.environ["FELLES_TEST_SITE"]
        return
    path = tmp_path_factory.mktemp("region") / "felles.db"
    with ThreadPoolExecutor(1) as thread:  # Playwright has a loop of its own in this one
        thread.submit(asyncio.run, _fill(path)).result()
    with serving(str(path)) as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one Playwright has brought; it goes, with Playwright's event loop, after the module."""
    with sync_playwright() as playwright:
        program = CHROMIUM if CHROMIUM.exists() else Path(playwright.chromium.executable_path)
        if not program.exists():
            missing("there is no browser (apt-get install chromium)")
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def visitor(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """A stranger with a laptop who reads bokmål. Every script error or refused asset fails the test."""
    context = browser.new_context(viewport=LAPTOP, locale="nb-NO", base_url=site, reduced_motion="reduce")
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert [c for c in complaints if "status of 4" not in c] == []


@pytest.fixture
def page(visitor: BrowserContext) -> Page:
    """The stranger's tab."""
    found = visitor.new_page()
    found.set_default_timeout(10_000)
    return found


@pytest.fixture
def doctor(page: Page) -> Page:
    """Signed in as the doctor, at the page where patients are found."""
    page.goto("/")
    page.get_by_role("button", name="Lege, medisinsk avdeling").click()
    page.wait_for_url("**/find")
    return page


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(f"service-{name}")) for name in ("sqlite", "postgresql")],
)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """One server for each engine over a store that all its tests share: each makes up its own identifiers.
    At the end its log must hold nothing: no error that nobody foresaw, no value of any request."""
    folder = tmp_path_factory.mktemp("service")
    store = str(folder / "felles.db")
    if request.param == "postgresql":
        cluster = request.getfixturevalue("cluster")
        store = cluster.url(cluster.create())
    with (folder / "log").open("wb") as log, serving(store, log=log.fileno()) as (address, process):
        yield Wire(address, process, store, folder / "log")
    told = [line for line in (folder / "log").read_text().splitlines() if "Invalid HTTP request received" not in line]
    assert told == []
