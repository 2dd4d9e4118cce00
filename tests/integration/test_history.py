"""What part of a history is shown, and in which order (https://hl7.org/fhir/R4/http.html#history)."""

import asyncio
from typing import Any

import pytest

from tests.integration.conftest import Answer, Client

pytestmark = pytest.mark.anyio


def numbers(answer: Answer) -> list[str]:
    """The versions shown, as id/number."""
    assert answer.status == 200, answer.text
    return [f"{one['fullUrl'].rpartition('/')[2]}/{one['response']['etag'][3:-1]}" for one in answer.entries]


async def pages(fhir: Client, url: str, between: Any = None) -> list[str]:
    """The versions of all pages; `between` is awaited after each."""
    found: list[str] = []
    while url:
        answer = await fhir("GET", url)
        found += numbers(answer)
        following = [one["url"] for one in answer.json["link"] if one["relation"] == "next"]
        url = following[0].removeprefix(fhir.record.base + "/") if following else ""
        if between is not None:
            await between()
    return found


async def write(fhir: Client, id: str, times: int = 1) -> list[str]:
    """Versions of one patient, and the moment of each."""
    moments = []
    for _ in range(times):
        answer = await fhir("PUT", f"Patient/{id}", {"resourceType": "Patient", "id": id})
        moments.append(answer.json["meta"]["lastUpdated"])
        await asyncio.sleep(0.01)
    return moments


@pytest.mark.parametrize("url", ["Patient/a/_history", "Patient/_history", "_history"])
async def test_order_and_pages_hold_each_version_once_while_others_write(fhir: Client, url: str) -> None:
    await write(fhir, "a", 5)
    every = [f"a/{number}" for number in range(1, 6)]
    assert await pages(fhir, f"{url}?_sort=-_lastUpdated&_count=2") == every[::-1]

    async def others() -> None:
        await write(fhir, "a")

    assert await pages(fhir, f"{url}?_sort=_lastUpdated&_count=2", others) == every
    assert (await pages(fhir, f"{url}?_count=2", others))[-5:] == every[::-1]
    for wrong in ("_sort=birthdate", "_sort=", "_count=0", "_count=x", "_at=yesterday", "_since=x", "_before=x"):
        assert (await fhir("GET", f"{url}?{wrong}")).status == 400, wrong


@pytest.mark.parametrize("url", ["Patient/a/_history", "Patient/_history", "_history"])
async def test_at_a_moment_is_what_was_current_then(fhir: Client, url: str) -> None:
    first, second, third = (moment.replace("+", "%2B") for moment in await write(fhir, "a", 3))
    assert numbers(await fhir("GET", f"{url}?_at={second}")) == ["a/2"]
    assert numbers(await fhir("GET", f"{url}?_at={third}")) == ["a/3"]
    assert numbers(await fhir("GET", f"{url}?_at=2099-01-01")) == ["a/3"]
    assert numbers(await fhir("GET", f"{url}?_at=2000-01-01")) == []
    assert numbers(await fhir("GET", f"{url}?_since={second}")) == ["a/3", "a/2"]
    assert numbers(await fhir("GET", f"{url}?_since={first}&_sort=_lastUpdated&_count=1")) == ["a/1"]
    await fhir("DELETE", "Patient/a")
    assert numbers(await fhir("GET", f"{url}?_at=2099-01-01")) == []
    assert numbers(await fhir("GET", f"{url}?_at={third}")) == ["a/3"]
