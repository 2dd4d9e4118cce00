"""A server killed in a burst of writes: nothing acknowledged is lost, nothing is half there, the next one starts."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.server import FELLES, serving, token

CLIENTS = 12
PER_BUNDLE = 5


def bundle(number: int) -> dict[str, object]:
    """A transaction of five observations that belong together by their identifier."""
    entries = [
        {
            "resource": {
                "resourceType": "Observation",
                "identifier": [{"system": "urn:burst", "value": str(number)}],
                "status": "final",
                "code": {"text": f"part {part}"},
            },
            "request": {"method": "POST", "url": "Observation"},
        }
        for part in range(PER_BUNDLE)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


class Gone(Exception):
    """The server said that its writer is gone: nothing was acknowledged."""


async def acknowledged(answer: aiohttp.ClientResponse) -> Any:
    """The body of an acknowledgement. Raises Gone for a 503."""
    if answer.status == 503:
        raise Gone
    assert answer.status in (200, 201), await answer.text()
    return json.loads(await answer.read())


async def burst(fhir: str, bearer: str, kill: Callable[[], None], after: int) -> tuple[set[str], set[int]]:
    """Write from many clients until the server is gone. Gives the ids and the bundle numbers that were acknowledged."""
    ids: set[str] = set()
    bundles: set[int] = set()
    numbers = iter(range(1_000_000))

    async def singles(session: aiohttp.ClientSession) -> None:
        body = {"resourceType": "Observation", "status": "final", "code": {"text": "single"}}
        async with session.post(f"{fhir}/Observation", json=body) as answer:
            ids.add((await acknowledged(answer))["id"])

    async def together(session: aiohttp.ClientSession) -> None:
        number = next(numbers)
        async with session.post(fhir, json=bundle(number)) as answer:
            await acknowledged(answer)
            bundles.add(number)

    async def client(session: aiohttp.ClientSession, act: Callable[[aiohttp.ClientSession], Awaitable[None]]) -> None:
        try:
            while True:
                await act(session)
        except (aiohttp.ClientError, Gone):
            return

    headers = {"Content-Type": "application/fhir+json", "Authorization": bearer}
    async with aiohttp.ClientSession(headers=headers) as session:
        running = [asyncio.create_task(client(session, (singles, together)[n % 2])) for n in range(CLIENTS)]
        until = time.monotonic() + 20
        while len(ids) + len(bundles) < after and time.monotonic() < until:
            await asyncio.sleep(0.01)
        kill()
        await asyncio.gather(*running)
    return ids, bundles


async def kept(fhir: str, bearer: str) -> tuple[set[str], dict[int, int]]:
    """What the store holds now: ids, and how many of each bundle."""
    ids: set[str] = set()
    parts: dict[int, int] = {}
    url: str | None = f"{fhir}/Observation?_count=1000"
    async with aiohttp.ClientSession(headers={"Authorization": bearer}) as session:
        while url:
            async with session.get(url) as answer:
                page = json.loads(await answer.read())
            for entry in page.get("entry", []):
                ids.add(entry["resource"]["id"])
                for identifier in entry["resource"].get("identifier", []):
                    number = int(identifier["value"])
                    parts[number] = parts.get(number, 0) + 1
            url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    return ids, parts


@pytest.mark.parametrize("whole", [True, False], ids=["all its processes", "its first process"])
async def test_no_acknowledged_write_is_lost_and_none_is_half_there(store_url: str, whole: bool) -> None:
    with serving(store_url) as (address, process):

        def kill() -> None:
            if whole:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()

        ids, bundles = await asyncio.wait_for(
            burst(f"{address}/fhir", f"Bearer {token(store_url)}", kill, after=200), 60
        )
        process.wait(timeout=10)
        await asyncio.sleep(0.0 if whole else 1.0)
        port = int(re.search(r":(\d+)$", address)[1])  # type: ignore[index]
        await restarted(store_url, port, ids, bundles)
    surroundings = {**os.environ, "FELLES_STORE": store_url}
    checked = subprocess.run([FELLES, "check"], env=surroundings, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def restarted(store_url: str, port: int, ids: set[str], bundles: set[int]) -> None:
    """On the same port, at once: everything acknowledged is there, and bundles are whole."""
    assert len(ids) + len(bundles) >= 200
    with serving(store_url, port) as (address, _):
        found, parts = await kept(f"{address}/fhir", f"Bearer {token(store_url)}")
    assert ids <= found
    assert bundles <= parts.keys()
    assert set(parts.values()) <= {PER_BUNDLE}
