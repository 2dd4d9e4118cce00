"""Random people, units, relations, locks and questions: every way to a fact gives the verdict of `decide`, before and
after whatever changes."""

import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from felles.access.audit.statement import LINES
from felles.access.decision import What, decide
from felles.access.guard import Access
from felles.access.part import Traits
from felles.record.guard import Act
from felles.record.index.value import date_range, key64
from felles.record.record import Record
from tests.integration.region import STAFF, UNITS, People, build, consent, encounter, observation, patient, ref
from tests.integration.test_guard import ways

pytestmark = pytest.mark.anyio
PATIENTS = ("anna", "berit", "cato")
LABEL = ("urn:x", "psych")
Json = dict[str, Any]


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    yield opened
    await opened.close()


class World:
    """A record filled and changed at random, the same for the same seed."""

    def __init__(self, record: Record, seed: int) -> None:
        self.record = record
        self.random = random.Random(seed)
        self.people = People(record)
        self.facts: dict[str, tuple[str, Json]] = {}

    async def fill(self) -> None:
        await build(self.record)
        for name in PATIENTS:
            gp = {"generalPractitioner": [ref("PractitionerRole/gp")]} if self.random.random() < 0.5 else {}
            await self.record.update(patient(name, **gp))
            await self.record.update(encounter(f"stay{name}", name, self.random.choice(["ward", "ward2"])))
            for number in range(2):
                await self._observe(f"{name}-{number}", name)
        for _ in range(6):
            await self.change()

    async def _observe(self, name: str, of: str) -> None:
        label = {"meta": {"security": [{"system": LABEL[0], "code": LABEL[1]}]}} if self.random.random() < 0.4 else {}
        day = self._day(self.random.randint(-40, -1))
        body = observation(name, of, effectiveDateTime=f"{day}T08:00:00Z", **label)
        self.facts[name] = (of, body)
        await self.record.update(body)

    async def change(self) -> None:
        """One more relation, lock, block or opening; or another state of one that stands."""
        of = self.random.choice(PATIENTS)
        number = self.random.randint(1, 6)
        make = self.random.choice([self._encounter, self._task, self._lock, self._lock, self._block, self._opening])
        await self.record.update(make(of, number))

    def _encounter(self, of: str, number: int) -> Json:
        end = self._day(self.random.choice([-900, -40, -10]))
        past = {"status": "finished", "period": {"start": self._day(-950), "end": end}}
        states: list[Json] = [{}, past, {"status": "cancelled"}]
        more = self.random.choice(states)
        return encounter(f"visit{of}{number}", of, self.random.choice(list(UNITS)), **more)

    def _task(self, of: str, number: int) -> Json:
        owner = self.random.choice(
            [f"Practitioner/{self._somebody()}", f"Organization/{self.random.choice(list(UNITS))}"]
        )
        return {
            "resourceType": "Task", "id": f"task{of}{number}", "intent": "order", "for": ref(f"Patient/{of}"),
            "status": self.random.choice(["requested", "cancelled"]), "owner": ref(owner),
        }  # fmt: skip

    def _lock(self, of: str, number: int) -> Json:
        named = self.random.choice([{}, {"actor": ["Organization/clinic"]}])
        return consent(f"lock{of}{number}", of, "lock", self._status(), **self._part(of), **named)

    def _block(self, of: str, number: int) -> Json:
        actor = [f"Practitioner/{self._somebody()}"]
        return consent(f"block{of}{number}", of, "block", self._status(), actor=actor, **self._part(of))

    def _opening(self, of: str, number: int) -> Json:
        kind = self.random.choice(["opening", "emergency"])
        actor = [f"Practitioner/{self._somebody()}"]
        period = {"start": self._day(-5), "end": self._day(self.random.choice([-2, 3]))}
        return consent(f"open{of}{number}", of, kind, self._status(), actor=actor, period=period)

    def _part(self, of: str) -> Json:
        own = [name for name, (whose, _) in self.facts.items() if whose == of]
        return self.random.choice(
            [
                {},
                {"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]},
                {"securityLabel": [{"system": LABEL[0], "code": LABEL[1]}]},
                {"data": [{"meaning": "instance", "reference": ref(f"Observation/{self.random.choice(own)}")}]},
                {"dataPeriod": {"start": self._day(-20), "end": self._day(0)}},
                {
                    "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}],
                    "dataPeriod": {"start": self._day(-30)},
                },
            ]
        )

    def _status(self) -> str:
        return self.random.choice(["active", "active", "inactive"])

    def _somebody(self) -> str:
        return self.random.choice(list(STAFF))

    @staticmethod
    def _day(days: int) -> str:
        return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()

    async def expected(self, name: str, staff: str) -> bool:
        """What `decide` says from facts that are read anew."""
        who = await self.people.who(staff)
        assert who is not None and who.role is not None
        of, body = self.facts[name]
        key = key64(f"Patient/{of}")
        access = Access.of(self.record.store.reading)
        facts = (await access.dossier.read([key]))[key]
        tree = (await access.house.standing()).tree
        named = frozenset((key64(who.id), key64(who.role.id))) | tree.names(who.role.unit)
        labels = frozenset((one["system"], one["code"]) for one in body.get("meta", {}).get("security", ()))
        traits = Traits("Observation", key64(f"Observation/{name}"), labels, date_range(body["effectiveDateTime"])[0])
        what = What(facts, Act.READ, "Observation", traits, named)
        return decide(who, what, who.purpose, time.time_ns() // 1_000).allow


@pytest.mark.parametrize("seed", range(5))
async def test_every_way_gives_the_verdict_of_the_decision(record: Record, seed: int) -> None:
    world = World(record, seed)
    await world.fill()
    verdicts = set()
    for _ in range(6):
        for staff in ("chief", *world.random.sample(["doctor", "nurse", "other", "gp", "zone", "clerk"], 2)):
            name = world.random.choice(list(world.facts))
            expected = await world.expected(name, staff)
            verdicts.add(expected)
            found = await ways(await world.people.staff(staff), world.facts[name][0], name)
            by_patient = {"revinclude", "has", "everything", "everything of all"}
            whole = await _sees_patient(world, staff, world.facts[name][0])
            wrong = {way for way, seen in found.items() if seen is not (expected and (whole or way not in by_patient))}
            if not whole:
                wrong -= {"compartment", "chain"}
            if staff == "clerk":
                wrong -= {"everything", "everything of all"}
            assert not wrong, (seed, staff, name, expected, found)
        await world.change()
    assert verdicts == {True, False}


async def _sees_patient(world: World, staff: str, of: str) -> bool:
    return (await (await world.people.staff(staff))("GET", f"Patient/{of}")).status == 200
