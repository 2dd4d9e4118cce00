"""A doctor at work in the demo region, with an app's token, and what the doctor asks for."""

from __future__ import annotations

import time
from dataclasses import dataclass

from felles.access import session as sessions
from felles.access.smart import app as apps
from felles.access.smart import grant as grants
from felles.access.smart import scope
from felles.access.smart.app import App
from felles.access.smart.key import folder_of
from felles.access.smart.service import Smart
from felles.access.smart.token import Token, new_id
from felles.access.table import put
from felles.app import LINES, RULES
from felles.demo import people
from felles.record.record import Record
from tests.server import places

SCOPE = "user/*.rs"


@dataclass(frozen=True, slots=True)
class Somebody:
    """`observations` are ids that the doctor may read, `searches` the clinical searches of these patients."""

    bearer: str
    observations: list[str]
    searches: list[str]


async def doctor(store: str, base: str) -> Somebody:
    """The doctor of the medical ward, signed in, with a token for some minutes."""
    record = await Record.open(store, RULES, lines=LINES, base=base)
    try:
        bearer = await _bearer(record, store, base)
        patients = await record.resources("Encounter", [("status", "in-progress"), ("_count", "200")])
        who = next(one for one in people() if one.id == "lege")
        ward = [one for one in patients if _unit(one) == who.organization]
        whom = sorted({one["subject"]["reference"] for one in ward})
        found = [
            one["id"]
            for patient in whom
            for one in await record.resources("Observation", [("subject", patient), ("_count", "30")])
        ]
        asked = [f"patient={one}&code=http://loinc.org|85354-9&_sort=-date&_count=50" for one in whom]
        return Somebody(bearer, found, asked)
    finally:
        await record.close()


def _unit(encounter: dict[str, dict[str, str]]) -> str:
    return encounter.get("serviceProvider", {}).get("reference", "")


async def _bearer(record: Record, store: str, base: str) -> str:
    smart = Smart(record, folder_of(store, places(store).get("FELLES_KEYS", "")), base)
    who, now = next(one for one in people() if one.id == "lege"), time.time()
    assert who.practitioner is not None
    proof = sessions.Proof(who.practitioner, 0, "demo", who.id, int(now))
    session, token = sessions.begin(proof, now, who.practitioner_role)
    redirects = ("http://127.0.0.1/back",)
    await apps.register(record, App(id="bench", name="Bench", redirects=redirects, scope=SCOPE), now)
    await put(record, *sessions.begin_lines(session, token, False))
    context = grants.Context(scope=SCOPE)
    grant = grants.Grant(new_id(), "bench", who.practitioner, session.id, context, int(now) + 3_600)
    await grants.begin(record, grant, now)
    held = Token(
        new_id(), "bench", who.practitioner, scope.read(SCOPE), int(now) + 290, session=session.id, grant=grant.id
    )
    return smart.mint.issue(held, now)
