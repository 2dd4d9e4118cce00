"""Clerical work at random until it is killed: `python -m tests.stream STORE SEED`. It prints what was acknowledged."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from felles import app
from felles.access.who import Who
from felles.clerical import act, waiting
from felles.clerical.act import Assessment
from felles.clerical.conservation import period_id
from felles.clerical.waiting import Box
from felles.delivery import mailbox
from felles.delivery.act import settle
from felles.delivery.state import Event
from felles.duties import handling, timer, worklist
from felles.duties.calendar import NORWAY
from felles.duties.duty import Outcome
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting
from tests.integration.correspondence import fill

Json = dict[str, Any]
CLIENTS = 8
UNITS = {"ward": "nurse", "clinic": "other"}
PEOPLE = [f"person-{number}" for number in range(40)]
EXPECTED = frozenset((403, 404, 409, 412, 422))
"""Answers that say that others were faster, or that what was tried cannot be: nothing was acknowledged."""
PHONE = [{"system": "phone", "value": "73 00 00 00"}]


async def prepare(record: Record) -> None:
    """Two units that may write letters, and people with and without a GP, mailbox or number."""
    await fill(record)
    for unit in UNITS:
        found = await record.resource("Organization", unit)
        await record.update({**found, "telecom": PHONE})
    for place, id in enumerate(PEOPLE):
        more: Json = {"telecom": [{"system": "email", "value": f"{id}@post.example"}]} if place % 2 else {}
        more |= {"generalPractitioner": [{"reference": f"PractitionerRole/{'inga' if place % 3 else 'ute'}-role"}]}
        await record.update(consenting.person(id, "1980-01-01") | more)


class Stream:
    """What a region's clerks do, drawn by a seed; `say` is told of each act once it is durable."""

    def __init__(self, record: Record, seed: int, say: Callable[[str], None]) -> None:
        self.record, self.random, self.say, self.seed = record, Random(seed), say, seed
        self.at: Mapping[str, tuple[Record, Who]] = {}
        self.number = 0

    async def begin(self) -> None:
        self.at = {unit: await consenting.staff(self.record, id) for unit, id in UNITS.items()}

    async def run(self) -> None:
        """Eight at once, for ever."""
        acts = (
            self.refer, self.refer, self.refer, self.assess, self.assess, self.forward, self.book, self.book,
            self.call_off, self.end, self.postpone, self.letter, self.letter, self.duty, self.tick,
        )  # fmt: skip
        await asyncio.gather(*(self._client(acts) for _ in range(CLIENTS)))

    async def _client(self, acts: tuple[Callable[[], Awaitable[None]], ...]) -> None:
        while True:
            try:
                await self.random.choice(acts)()
            except Problem as error:
                if error.status not in EXPECTED:
                    raise

    def _name(self) -> str:
        self.number += 1
        return f"{self.seed}-{self.number}"

    def _unit(self) -> tuple[str, Record, Who]:
        unit = self.random.choice(sorted(UNITS))
        return unit, *self.at[unit]

    async def _waiting(self, unit: str, box: Box) -> waiting.Row | None:
        rows = (await waiting.page(self.record, f"Organization/{unit}", box, handling.now())).rows
        return self.random.choice(rows) if rows else None

    async def refer(self) -> None:
        id, unit = self._name(), self.random.choice(sorted(UNITS))
        await self.record.update({
            "resourceType": "ServiceRequest", "id": id, "status": "active", "intent": "order",
            "category": [{"coding": [{"system": "urn:felles:category", "code": "referral"}]}],
            "subject": {"reference": f"Patient/{self.random.choice(PEOPLE)}"}, "code": {"text": "Vurdering"},
            "requester": {"reference": "PractitionerRole/ute-role", "display": "Dr. Ute"},
            "performer": [{"reference": f"Organization/{unit}"}],
        })  # fmt: skip
        self.say(f"referred {period_id(f'ServiceRequest/{id}')}")

    async def assess(self) -> None:
        unit, mine, who = self._unit()
        row = await self._waiting(unit, Box.TO_ASSESS)
        if row is None:
            return
        now = handling.now()
        deadline = NORWAY.day(now) + timedelta(days=self.random.choice((3, 40, 90)))
        right = Assessment("right", "examination", "somatic", deadline)
        refusal = Assessment("no-right", "examination", "somatic", reason="Kan følges opp i kommunen")
        await act.assess(mine, who, row.id, right if self.random.random() < 0.8 else refusal, now)
        self.say(f"assessed {row.id}")

    async def forward(self) -> None:
        unit, mine, who = self._unit()
        row = await self._waiting(unit, Box.TO_ASSESS)
        if row is not None:
            other = next(one for one in UNITS if one != unit)
            await act.forward(mine, who, row.id, f"Organization/{other}", "Hører til der")

    async def book(self) -> None:
        unit, *_ = self._unit()
        row = await self._waiting(unit, Box.TO_BOOK)
        if row is None:
            return
        episode = await self.record.resource("EpisodeOfCare", row.id)
        start = (NORWAY.day(handling.now()) + timedelta(days=self.random.randint(1, 100))).isoformat()
        await self.record.update({
            "resourceType": "Appointment", "id": self._name(), "status": "booked",
            "start": f"{start}T09:00:00Z", "end": f"{start}T09:30:00Z", "basedOn": episode["referralRequest"],
            "participant": [
                {"actor": episode["patient"], "status": "accepted"},
                {"actor": {"reference": f"PractitionerRole/{UNITS[unit]}-role"}, "status": "accepted"},
            ],
        })  # fmt: skip
        self.say(f"booked {row.id}")

    async def call_off(self) -> None:
        found = await self.record.resources("Appointment", [("status", "booked"), ("_count", "20")])
        if found:
            one = self.random.choice(found)
            status = self.random.choice(("cancelled", "noshow", "fulfilled"))
            await self.record.update({**one, "status": status}, int(one["meta"]["versionId"]))

    async def end(self) -> None:
        unit, mine, who = self._unit()
        row = await self._waiting(unit, self.random.choice((Box.TO_BOOK, Box.WITH_TIME)))
        if row is not None:
            await act.end(mine, who, row.id, self.random.choice("124"), NORWAY.day(handling.now()))
            self.say(f"ended {row.id}")

    async def postpone(self) -> None:
        unit, mine, who = self._unit()
        row = await self._waiting(unit, Box.TO_BOOK)
        if row is not None:
            await act.postpone(mine, who, row.id, "22", "Tilbudt torsdag, ville vente", handling.now())

    async def letter(self) -> None:
        _, mine, who = self._unit()
        asked = [("status", "preparation,in-progress"), ("_count", "20")]
        found = await self.record.resources("Communication", asked)
        if found:
            event = self.random.choice((Event.SETTLE, Event.VOID, Event.REFUSE))
            await settle(mine, who, self.random.choice(found)["id"], event, "Ringt og avtalt", handling.now())

    async def duty(self) -> None:
        unit, mine, who = self._unit()
        rows = (await worklist.open_of(self.record, f"Organization/{unit}", handling.now())).rows
        if not rows:
            return
        number = self.random.choice(rows).duty.id
        what = self.random.choice(("take", "hand", "close", "undo"))
        if what == "take":
            await handling.take(mine, who, number)
        elif what == "hand":
            await handling.hand_on(mine, who, number, f"Organization/{unit}", None, "Tas av en annen")
        elif what == "close":
            await handling.close(mine, who, number, Outcome.OK, "Gjort på telefon")
        else:
            await handling.undo(mine, who, number, "Var feil")

    async def tick(self) -> None:
        now = handling.now()
        await timer.step(self.record, now)
        await timer.refresh(self.record)
        await mailbox.deposit(self.record, now)


async def main(store: str, seed: int) -> None:
    """Goes on until it is killed."""
    record = await Record.open(store, app.RULES, lines=app.LINES)
    stream = Stream(record, seed, lambda words: print("done", words, flush=True))
    await stream.begin()
    await stream.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
