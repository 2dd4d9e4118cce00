"""A decision from kept relations, and what a token costs where it is verified anew."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.figure import Figure
from felles.access.decision import What, decide
from felles.access.facts import Facts, Relation
from felles.access.smart import scope
from felles.access.smart.key import KeyFolder
from felles.access.smart.token import Mint, Token, new_id
from felles.access.who import Kind, Purpose, Role, Who
from felles.record.guard import Act
from felles.record.index.relation import Ground
from felles.record.index.value import key64

UNITS = 40
"""Keys by which somebody at a clinic with wards may be meant."""


def _each(work: Callable[[], object], seconds: float) -> float:
    """Microseconds of processor for one call."""
    count, begun, end = 0, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(100):
            work()
        count += 100
    return (time.process_time() - begun) / count * 1e6


def decisions(seconds: float) -> list[Figure]:
    """One patient with thirty relations, somebody with forty keys: the yes of the last relation, and a no."""
    keys = frozenset(key64(f"Organization/{number}") for number in range(UNITS))
    who = Who("Practitioner/a", "", Kind.STAFF, Role("PractitionerRole/a", "Organization/0", "LE"), keys)
    others = tuple(Relation(key64(f"Organization/other-{number}"), Ground.ENCOUNTER) for number in range(29))
    near = Facts(key64("Patient/p"), (*others, Relation(key64("Organization/7"), Ground.ENCOUNTER)))
    far = Facts(key64("Patient/p"), others)
    now, found = time.time_ns() // 1_000, []
    for name, facts, allow in (("decision, yes", near, True), ("decision, no", far, False)):
        what = What(facts, Act.READ, "Observation", None, keys)
        if decide(who, what, Purpose.TREATMENT, now).allow is not allow:
            raise RuntimeError(f"{name} is not what it is called")
        cost = _each(lambda what=what: decide(who, what, Purpose.TREATMENT, now), seconds)  # type: ignore[misc]
        found.append(Figure(name, "none", cost, "us", note="30 relations, 40 keys, from kept facts"))
    return found


def tokens(seconds: float) -> list[Figure]:
    """An access token read without having been seen before; afterwards a process knows it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "keys"
        mint = Mint(KeyFolder(place), "https://felles.example", "https://felles.example/fhir")
        now = time.time()
        token = Token(new_id(), "app", "Practitioner/a", scope.read("user/*.rs"), int(now) + 300, grant="g")
        text = mint.issue(token, now)
        cost = _each(lambda: mint.read(text, now), seconds)
    return [Figure("token verified", "none", cost, "us", note="ES256, the first time a process meets it")]
