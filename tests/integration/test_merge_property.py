"""Random patients, facts, merges, edits and undoings: the record holds what a simple model says, on both engines.

The model knows only who each reference of a fact leads to. After every step the bodies, the index and the compartment
must agree with it; when every merge is undone, the Patients are what they were.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from felles.record.record import Record
from tests.integration.conftest import Client
from tests.integration.test_match import parameters

PATIENTS = 4
who = st.integers(0, PATIENTS - 1)
steps = st.one_of(
    st.tuples(st.just("fact"), who, who, st.sampled_from(("Observation", "Condition", "Group"))),
    st.tuples(st.just("edit"), st.integers(0, 30)),
    st.tuples(st.just("delete"), st.integers(0, 30)),
    st.tuples(st.just("describe"), who),
    st.tuples(st.just("merge"), who, who),
    st.tuples(st.just("merge"), who, who),
    st.tuples(st.just("unmerge"), who),
)


@dataclass
class Fact:
    """A fact of the model: the patients that its references lead to, and how often it was edited."""

    type: str
    id: str
    refers: list[int]
    edits: int = 0


@dataclass
class Merge:
    """A merge that stands: which references (fact, place) it took from the source."""

    source: int
    target: int
    taken: list[tuple[Fact, int]]


@dataclass
class World:
    """The record and the model of it."""

    fhir: Client
    ids: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    described: list[int] = field(default_factory=lambda: [0] * PATIENTS)

    async def begin(self) -> None:
        for place in range(PATIENTS):
            body = {"resourceType": "Patient", "identifier": [{"system": "urn:p", "value": str(place)}]}
            self.ids.append((await self.fhir.create(body))["id"])

    def address(self, place: int) -> dict[str, str]:
        return {"reference": f"Patient/{self.ids[place]}"}

    def replaced(self, place: int) -> bool:
        return any(merge.source == place for merge in self.merges)

    async def fact(self, one: int, other: int, kind: str) -> None:
        if self.replaced(one) or self.replaced(other):
            return
        created = await self.fhir.create({"resourceType": kind, **self.body(kind, one, other)})
        self.facts.append(Fact(kind, created["id"], [one, other]))

    def body(self, kind: str, one: int, other: int) -> dict[str, Any]:
        first, second = self.address(one), self.address(other)
        if kind == "Group":
            return {"type": "person", "actual": True, "member": [{"entity": first}, {"entity": second}]}
        if kind == "Condition":
            return {"subject": first, "asserter": second}
        return {"status": "final", "code": {"text": "x"}, "subject": first, "performer": [second]}

    async def edit(self, place: int) -> None:
        if not self.facts:
            return
        fact = self.facts[place % len(self.facts)]
        address = f"{fact.type}/{fact.id}"
        resource = (await self.fhir("GET", address)).json
        resource["identifier"] = [*resource.get("identifier", []), {"value": str(fact.edits)}]
        assert (await self.fhir("PUT", address, resource)).status == 200
        fact.edits += 1

    async def delete(self, place: int) -> None:
        if not self.facts:
            return
        fact = self.facts.pop(place % len(self.facts))
        assert (await self.fhir("DELETE", f"{fact.type}/{fact.id}")).status == 204

    async def describe(self, place: int) -> None:
        address = f"Patient/{self.ids[place]}"
        resource = (await self.fhir("GET", address)).json
        self.described[place] += 1
        resource["telecom"] = [{"system": "phone", "value": str(self.described[place])}]
        assert (await self.fhir("PUT", address, resource)).status == 200

    async def merge(self, source: int, target: int) -> None:
        named = {"source_patient": self.address(source), "target_patient": self.address(target)}
        answer = await self.fhir("POST", "Patient/$merge", parameters(**named))
        again = any((merge.source, merge.target) == (source, target) for merge in self.merges)
        allowed = source != target and not self.replaced(source) and not self.replaced(target)
        assert answer.status == (200 if again or allowed else 422), answer.text
        if allowed:
            taken = [(fact, at) for fact in self.facts for at, one in enumerate(fact.refers) if one == source]
            self.merges.append(Merge(source, target, taken))
            for fact, at in taken:
                fact.refers[at] = target

    async def unmerge(self, source: int) -> None:
        answer = await self.fhir("POST", "Patient/$unmerge", parameters(source_patient=self.address(source)))
        found = next((merge for merge in self.merges if merge.source == source), None)
        later = self.merges[self.merges.index(found) + 1 :] if found else []
        allowed = found is not None and not any(found.target in (one.source, one.target) for one in later)
        assert answer.status == (200 if allowed else 422), answer.text
        if found is not None and allowed:
            self.merges.remove(found)
            for fact, at in found.taken:
                fact.refers[at] = source

    async def check(self) -> None:
        """Bodies, index and compartments agree with the model."""
        for fact in self.facts:
            resource = (await self.fhir("GET", f"{fact.type}/{fact.id}")).json
            expected = self.body(fact.type, *fact.refers)
            assert {name: resource.get(name) for name in expected} == expected
            assert len(resource.get("identifier", ())) == fact.edits
        for place, id in enumerate(self.ids):
            await self.searches(place, id)

    async def searches(self, place: int, id: str) -> None:
        for kind, code, at in (
            ("Observation", "subject", (0,)),
            ("Observation", "performer", (1,)),
            ("Condition", "patient", (0,)),
            ("Condition", "asserter", (1,)),
            ("Group", "member", (0, 1)),
        ):
            expected = {f.id for f in self.facts if f.type == kind and place in [f.refers[one] for one in at]}
            found = await self.fhir("GET", f"{kind}?{code}=Patient/{id}&_count=100")
            assert set(found.ids) == expected, (kind, code)
        compartment = await self.fhir("GET", f"Patient/{id}/Condition?_count=100")
        assert set(compartment.ids) == {f.id for f in self.facts if f.type == "Condition" and place in f.refers}
        patient = (await self.fhir("GET", f"Patient/{id}")).json
        assert (patient.get("active") is False) == self.replaced(place)

    async def finish(self) -> None:
        """Everything is undone, last first: the Patients are what they were, with what was written on them since."""
        for merge in reversed(list(self.merges)):
            await self.unmerge(merge.source)
        await self.check()
        for place, id in enumerate(self.ids):
            patient = (await self.fhir("GET", f"Patient/{id}")).json
            phone = patient.pop("telecom", [{"value": "0"}])[0]["value"]
            assert phone == str(self.described[place])
            identifier = [{"system": "urn:p", "value": str(place)}]
            assert {k: v for k, v in patient.items() if k not in ("meta", "id", "resourceType")} == {
                "identifier": identifier
            }


async def played(record: Record, script: list[tuple[Any, ...]]) -> None:
    world = World(Client(record))
    await world.begin()
    for name, *arguments in script:
        await getattr(world, name)(*arguments)
        if name in ("merge", "unmerge"):
            await world.check()
    await world.finish()


@pytest.fixture
def loop() -> Any:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.mark.slow
def test_nothing_is_lost_whatever_happens(store_url: str, loop: asyncio.AbstractEventLoop) -> None:
    record = loop.run_until_complete(Record.open(store_url))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(steps, min_size=6, max_size=25))
    def inner(script: list[tuple[Any, ...]]) -> None:
        loop.run_until_complete(played(record, script))

    try:
        inner()
    finally:
        loop.run_until_complete(record.close())
