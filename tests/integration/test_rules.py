"""Rules run in the transaction of what wakes them; the feed tells workers of every version, in order of commit."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import anyio
import pytest

from felles.record import feed
from felles.record.outcome import Problem, problem
from felles.record.record import Record
from felles.record.rule import Deed, Inside, Put, Rule, Woken
from felles.record.store import Kind, Origin

pytestmark = pytest.mark.anyio


async def task_for_referral(woken: Woken, inside: Inside) -> Iterable[Deed]:
    """A referral owes an assessment."""
    if woken.kind is not Kind.CREATE or woken.after is None:
        return []
    reference = woken.after["subject"]["reference"]
    patient = await inside.read("Patient", reference.partition("/")[2])
    if patient is None:
        raise problem(422, "not-found", "a referral needs a patient that exists", "ServiceRequest.subject")
    earlier = await inside.search("ServiceRequest", [("subject", reference)])
    described = f"{len(earlier)} referrals of {patient['name'][0]['family']}"
    task = {
        "resourceType": "Task",
        "id": f"assess-{woken.id}",
        "status": "requested",
        "intent": "order",
        "description": described,
        "focus": {"reference": f"ServiceRequest/{woken.id}"},
    }
    return [Put(task)]


async def broken(woken: Woken, inside: Inside) -> Iterable[Deed]:
    raise RuntimeError("rule")


RULES = [
    Rule("assessment", frozenset({"ServiceRequest"}), task_for_referral),
    Rule("broken", frozenset({"Flag"}), broken, imports=True),
]


@pytest.fixture
async def ruled(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, RULES)
    await opened.update({"resourceType": "Patient", "id": "p", "name": [{"family": "Moen"}]})
    yield opened
    await opened.close()


def referral(id: str, patient: str = "p") -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": id,
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
    }


async def test_a_rule_writes_with_the_act_and_sees_it(ruled: Record) -> None:
    await ruled.update(referral("a"))
    await ruled.update(referral("b"))
    assert (await ruled.resource("Task", "assess-a"))["description"] == "1 referrals of Moen"
    assert (await ruled.resource("Task", "assess-b"))["description"] == "2 referrals of Moen"


async def test_concurrent_acts_each_see_a_whole_store(ruled: Record) -> None:
    await asyncio.gather(*(ruled.update(referral(f"r{n}")) for n in range(20)))
    tasks = await ruled.resources("Task", [("_count", "50")])
    assert {task["focus"]["reference"] for task in tasks} == {f"ServiceRequest/r{n}" for n in range(20)}


async def test_a_refusing_rule_undoes_the_act(ruled: Record) -> None:
    with pytest.raises(Problem) as refused:
        await ruled.update(referral("c", patient="nobody"))
    assert refused.value.status == 422
    assert refused.value.issues[0].expression == "ServiceRequest.subject"
    with pytest.raises(Problem, match="404"):
        await ruled.read("ServiceRequest", "c")


async def test_a_broken_rule_undoes_its_act_alone(ruled: Record) -> None:
    flag = {
        "resourceType": "Flag",
        "id": "f",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/p"},
    }
    results = await asyncio.gather(ruled.update(flag), ruled.update(referral("d")), return_exceptions=True)
    assert isinstance(results[0], Problem)
    assert not isinstance(results[1], BaseException)
    with pytest.raises(Problem, match="404"):
        await ruled.read("Flag", "f")
    assert await ruled.read("Task", "assess-d")


async def test_imports_wake_no_sending_rule(ruled: Record) -> None:
    await ruled.update(referral("e"), origin=Origin.IMPORT)
    with pytest.raises(Problem, match="404"):
        await ruled.read("Task", "assess-e")


async def test_the_feed_has_every_version_once_in_order(ruled: Record) -> None:
    await asyncio.gather(*(ruled.update(referral(f"r{n}")) for n in range(10)))
    position, seen = feed.start_of(ruled), []
    with anyio.fail_after(20):
        while len(seen) < 21:
            events = await feed.after(ruled, position, 7)
            seen += [(event.type, event.id, event.number) for event in events]
            position = list(events[-1].position) if events else position
            await anyio.sleep(0 if events else 0.05)
    assert await feed.after(ruled, position, 7) == []
    assert len(seen) == len(set(seen)) == 21
    for n in range(10):
        assert ("Task", f"assess-r{n}", 1) in seen


async def test_a_worker_neither_skips_nor_repeats(ruled: Record) -> None:
    """Two workers of one name and crashes between their steps: each referral is answered exactly once."""

    async def answer(events: list[feed.Event], record: Record) -> list[Deed]:
        return [
            Put({"resourceType": "Basic", "code": {"text": event.id}})
            for event in events
            if event.type == "ServiceRequest"
        ]

    async def crash(events: list[feed.Event], record: Record) -> list[Deed]:
        raise ConnectionError("killed")

    for n in range(12):
        await ruled.update(referral(f"r{n}"))
        with pytest.raises(ConnectionError):
            await feed.step(ruled, "answers", crash, 2)
        await asyncio.gather(*(feed.step(ruled, "answers", answer, 2) for _ in range(2)))
    answers: list[dict[str, Any]] = []
    with anyio.fail_after(20):
        while len(answers) < 12:
            await feed.step(ruled, "answers", answer, 3)
            answers = await ruled.resources("Basic", [("_count", "100")])
    for _ in range(5):
        await feed.step(ruled, "answers", answer, 3)
    answers = await ruled.resources("Basic", [("_count", "100")])
    assert sorted(basic["code"]["text"] for basic in answers) == sorted(f"r{n}" for n in range(12))
