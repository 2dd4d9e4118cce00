"""Whatever happens to duties, in whatever order: the ledger adds up at every instant, on both engines."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from felles import duties
from felles.access.who import Kind as Of
from felles.access.who import Role, Who
from felles.duties import balance, handling, timer, worklist
from felles.duties.deadline import Minutes
from felles.duties.deed import HandOn, Owe, Reopen, Said, Settle, deeds
from felles.duties.duty import Outcome
from felles.duties.escalation import Level, Step
from felles.duties.kind import Kind, View, declare
from felles.duties.reading import Outside
from felles.duties.reckoning import Proof, faults
from felles.duties.view import number_of
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import parted
from tests.cluster import Cluster

T = TypeVar("T")
STEPS = tuple(Step(level, Minutes(60 * level)) for level in (Level.SUBSTITUTE, Level.LEADER, Level.REGION))
KINDS = [
    declare(Kind(9_201 + n, f"test-property-{n}", "Prøve", Minutes(60), STEPS, view=view))
    for n, view in enumerate(View)
]
UNITS = ["Organization/top", "Organization/a", "Organization/b"]
PEOPLE = ["Practitioner/p", "Practitioner/q"]
SUBJECTS = [f"Basic/s{n}" for n in range(3)]
HOUR = 3_600_000_000
units, people, kinds, subjects = map(st.sampled_from, (UNITS, PEOPLE, KINDS, SUBJECTS))
WHO = Who("Practitioner/boss", "boss", Of.STAFF, Role("x", UNITS[0], "leder"), frozenset(map(key64, UNITS)))


class Ledger(RuleBasedStateMachine):
    """Any acts at all; after each, every equation is read from the store and re-proven from history."""

    address = ""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.now = handling.now()
        self.clock, handling.now = handling.now, lambda: self.now  # type: ignore[assignment]
        self.record = self.run(Record.open(self.fresh(), duties.rules(), lines=duties.LINES))
        for reference in (*UNITS, *PEOPLE, *SUBJECTS):
            name, _, id = reference.partition("/")
            parts: dict[str, Any] = {"Basic": {"code": {"text": "x"}}, "Organization": {"name": id}}.get(name, {})
            if reference in UNITS[1:]:
                parts["partOf"] = {"reference": UNITS[0]}
            self.run(self.record.update({"resourceType": name, "id": id, **parts}))
        for person in PEOPLE:
            for unit in UNITS[1:]:
                self.employ(person, unit, True)

    def fresh(self) -> str:
        raise NotImplementedError

    def teardown(self) -> None:
        if hasattr(self, "record"):
            handling.now = self.clock
            self.run(self.record.close())
            self.loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def tried(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            self.run(work)
        except Problem as error:
            assert error.status in (403, 409, 422), error

    def employ(self, person: str, unit: str, active: bool) -> None:
        role = {
            "resourceType": "PractitionerRole",
            "id": f"{person[-1]}{unit[-1]}",
            "active": active,
            "practitioner": {"reference": person},
            "organization": {"reference": unit},
        }
        self.run(self.record.update(role))

    def numbers(self) -> list[int]:
        return [row[0] for row in self.run(self.record.store.reading.rows("SELECT id FROM duty ORDER BY id"))]

    async def say(self, *said: Said) -> None:
        writes, lines = parted(await deeds(said, Outside(self.record), self.now))
        await self.record.commit(writes, lines=lines)

    @rule(kind=kinds, subject=subjects, unit=units, person=st.none() | people)
    def owe(self, kind: Kind, subject: str, unit: str, person: str | None) -> None:
        self.run(self.say(Owe(kind, subject, unit, person)))

    @rule(kind=kinds, subject=subjects)
    def settle(self, kind: Kind, subject: str) -> None:
        self.run(self.say(Settle(kind, subject, subject)))

    @rule(kind=kinds, subject=subjects)
    def reopen(self, kind: Kind, subject: str) -> None:
        self.run(self.say(Reopen(kind, subject, subject)))

    @rule(kind=kinds, subject=subjects, unit=units, person=st.none() | people)
    def hand_on(self, kind: Kind, subject: str, unit: str, person: str | None) -> None:
        self.run(self.say(HandOn(kind, subject, unit, person, "because")))

    @precondition(lambda self: self.numbers())
    @rule(data=st.data(), outcome=st.sampled_from([Outcome.OK, Outcome.NOT_OK, Outcome.NEEDLESS]))
    def close(self, data: st.DataObject, outcome: Outcome) -> None:
        self.tried(handling.close(self.record, WHO, data.draw(st.sampled_from(self.numbers())), outcome, "because"))

    @precondition(lambda self: self.numbers())
    @rule(data=st.data(), unit=units)
    def hand(self, data: st.DataObject, unit: str) -> None:
        self.tried(
            handling.hand_on(self.record, WHO, data.draw(st.sampled_from(self.numbers())), unit, None, "because")
        )

    @precondition(lambda self: self.numbers())
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        self.tried(handling.undo(self.record, WHO, data.draw(st.sampled_from(self.numbers())), "a slip"))

    @rule(person=people, unit=st.sampled_from(UNITS[1:]), active=st.booleans())
    def employment(self, person: str, unit: str, active: bool) -> None:
        self.employ(person, unit, active)

    @rule(hours=st.integers(0, 40))
    def time(self, hours: int) -> None:
        self.now += hours * HOUR
        while self.run(timer.step(self.record, self.now, 2)):
            pass

    @rule(limit=st.integers(1, 4))
    def fold(self, limit: int) -> None:
        self.run(balance.fold(self.record, limit))

    @invariant()
    def adds_up(self) -> None:
        if not hasattr(self, "record"):
            return
        proof = Proof()
        assert self.run(self.found(proof)) == []
        assert proof.opened == proof.closed + proof.open

    async def found(self, proof: Proof) -> list[str]:
        return [str(fault) async for fault in faults(self.record.store.address, proof)]

    @invariant()
    def is_read_as_it_is(self) -> None:
        if not hasattr(self, "record"):
            return
        last = max((r[0] for r in self.run(self.record.store.reading.rows("SELECT day FROM duty"))), default=0)
        before: dict[tuple[int, int], int] = {}
        for day in range(last - 2, last + 2):
            counts = self.run(balance.balance(Outside(self.record), day))
            assert all(count.holds for count in counts)
            for count in counts if before else ():
                assert count.before == before.get((count.kind, count.unit), 0)
            before = {(c.kind, c.unit): c.after for c in counts} or before
        for unit in UNITS:
            tallies = self.run(worklist.count_of(self.record, unit, self.now))
            rows = self.run(worklist.open_of(self.record, unit, self.now, limit=500)).rows
            assert Counter(row.duty.kind for row in rows) == {one.kind: one.open for one in tallies}
            assert sum(row.pool for row in rows) == sum(one.pool for one in tallies)
            after = {kind: count for (kind, place), count in before.items() if place == key64(unit) and count}
            assert after == {one.kind: one.open for one in tallies}

    @invariant()
    def is_shown_as_it_is(self) -> None:
        if not hasattr(self, "record"):
            return
        while self.run(timer.refresh(self.record, 3)):
            pass
        tasks = self.run(self.record.resources("Task", [("_count", "500")]))
        shown = {number_of(task["id"]): task["status"] in ("requested", "accepted") for task in tasks}
        rows = self.run(
            self.record.store.reading.rows("SELECT id, state FROM duty WHERE kind > $1", (KINDS[0].number,))
        )
        assert shown == {number: state == 0 for number, state in rows}


SETTINGS = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_the_ledger_adds_up_on_sqlite(tmp_path: Path) -> None:
    numbers: Iterator[int] = iter(range(10_000))

    class Embedded(Ledger):
        def fresh(self) -> str:
            return str(tmp_path / f"{next(numbers)}.db")

    run_state_machine_as_test(Embedded, settings=SETTINGS)  # type: ignore[no-untyped-call]


def test_the_ledger_adds_up_on_postgresql(cluster: Cluster) -> None:
    made: list[str] = []

    class Region(Ledger):
        def fresh(self) -> str:
            made.append(cluster.create())
            return cluster.url(made[-1])

        def teardown(self) -> None:
            super().teardown()
            if made:
                cluster.drop(made.pop())

    run_state_machine_as_test(Region, settings=SETTINGS)  # type: ignore[no-untyped-call]


pytestmark = pytest.mark.slow
