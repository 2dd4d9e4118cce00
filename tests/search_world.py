"""A small made-up world in which searches can go wrong: partial dates, open periods, ranges, several codes, absent
values, references of every kind."""

from __future__ import annotations

import random
from typing import Any

from tests.search_oracle import Document

CODES = ("a", "b", "c")
SYSTEMS = ("urn:one", "urn:two", None)
DATES = ("2019", "2020", "2020-02", "2020-02-29", "2020-03-01T10:00:00Z", "2020-03-01T12:00:00+02:00", "2021-01-01")
NAMES = ("Ola", "Olav", "Kari", "Åse", "Ase", "Nordmann", "Ødegård", "O'Hara", "50%_x")
URIS = ("http://x.test/a", "http://x.test/a/b", "http://x.test/a|1", "urn:b")


class Maker:
    """Makes resources by a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def maybe(self, value: Any, chance: float = 0.7) -> Any:
        return value if self.random.random() < chance else None

    def concept(self) -> dict[str, Any]:
        pick = self.random.choice
        codings = [
            {"code": pick(CODES), "system": pick(SYSTEMS), "display": self.maybe(pick(NAMES), 0.3)}
            for _ in range(self.random.randint(0, 2))
        ]
        return clean({"coding": [clean(one) for one in codings], "text": self.maybe(pick(NAMES), 0.4) or "x"})

    def period(self) -> dict[str, Any]:
        first, last = sorted((self.random.choice(DATES), self.random.choice(DATES)))
        return clean({"start": self.maybe(first), "end": self.maybe(last, 0.5)}) or {"start": first}

    def quantity(self) -> dict[str, Any]:
        value, unit = self.random.choice((0, 1, 1.5, 5.4, 5.44, 100, -3)), self.random.choice(("mg", "kg"))
        comparator = self.maybe(self.random.choice(("<", ">", "<=", ">=")), 0.2)
        return clean({"value": value, "unit": unit, "code": self.maybe(unit), "comparator": comparator})

    def reference(self, *types: str) -> dict[str, Any]:
        kind = self.random.choice(types)
        return {"reference": f"{kind}/{kind.lower()}{self.random.randint(0, 4)}"}

    def patient(self, n: int) -> dict[str, Any]:
        pick = self.random.choice
        name = clean(
            {"family": self.maybe(pick(NAMES)), "given": [pick(NAMES) for _ in range(self.random.randint(1, 2))]}
        )
        return {
            "id": f"patient{n}",
            "name": [name] if self.random.random() < 0.8 else [],
            "gender": self.maybe(pick(("male", "female"))),
            "birthDate": self.maybe(pick(DATES[:4])),
            "active": self.maybe(pick((True, False))),
            "identifier": [{"system": pick(("urn:one", "urn:two")), "value": str(self.random.randint(0, 3))}],
            "generalPractitioner": [self.reference("Practitioner", "Organization")],
        }

    def encounter(self, n: int) -> dict[str, Any]:
        return {
            "id": f"encounter{n}",
            "status": self.random.choice(("planned", "finished")),
            "class": {"code": self.random.choice(CODES)},
            "subject": self.maybe(self.reference("Patient", "Group")),
            "period": self.maybe(self.period()),
            "partOf": self.maybe(self.reference("Encounter"), 0.3),
        }

    def observation(self, n: int) -> dict[str, Any]:
        effective = self.random.choice(
            [
                {"effectiveDateTime": self.random.choice(DATES)},
                {"effectivePeriod": self.period()},
                {},
            ]
        )
        value = self.random.choice(
            [{"valueQuantity": self.quantity()}, {"valueCodeableConcept": self.concept()}, {"valueString": "Ola"}, {}]
        )
        return {
            "id": f"observation{n}",
            "meta": clean({"profile": [self.random.choice(URIS)] if self.random.random() < 0.5 else None}),
            "status": self.random.choice(("final", "amended")),
            "category": [self.concept()] if self.random.random() < 0.6 else [],
            "code": self.concept(),
            "subject": self.maybe(self.reference("Patient", "Group")),
            "performer": [self.reference("Patient", "Practitioner")] if self.random.random() < 0.4 else [],
            "encounter": self.maybe(self.reference("Encounter")),
            "component": [
                clean({"code": self.concept(), "valueQuantity": self.maybe(self.quantity())})
                for _ in range(self.random.randint(0, 2))
            ],
            **effective,
            **value,
        }

    def condition(self, n: int) -> dict[str, Any]:
        onset = self.random.choice(
            [
                {"onsetDateTime": self.random.choice(DATES)},
                {"onsetPeriod": self.period()},
                {"onsetAge": {"value": self.random.randint(1, 90), "code": "a"}},
                {"onsetRange": {"low": {"value": 10, "code": "a"}, "high": {"value": 20, "code": "a"}}},
            ]
        )
        return {
            "id": f"condition{n}",
            "code": self.maybe(self.concept()),
            "clinicalStatus": self.maybe({"coding": [{"code": "active"}]}),
            "subject": self.reference("Patient"),
            "recordedDate": self.maybe(self.random.choice(DATES)),
            **onset,
        }

    def location(self, n: int) -> dict[str, Any]:
        position = {"latitude": 63 + self.random.random(), "longitude": 10 + self.random.random()}
        return {"id": f"location{n}", "name": self.random.choice(NAMES), "position": self.maybe(position)}

    def list(self, n: int) -> dict[str, Any]:
        items = [{"item": self.reference("Patient", "Observation")} for _ in range(3)]
        return {"id": f"list{n}", "status": "current", "mode": "working", "entry": items}


KINDS = {
    "Patient": Maker.patient,
    "Encounter": Maker.encounter,
    "Observation": Maker.observation,
    "Condition": Maker.condition,
    "Location": Maker.location,
    "List": Maker.list,
}
COUNTS = {"Patient": 12, "Encounter": 12, "Observation": 60, "Condition": 20, "Location": 8, "List": 2}


def clean(members: dict[str, Any]) -> dict[str, Any]:
    """Without absent and empty members."""
    return {name: value for name, value in members.items() if value not in (None, [], {})}


def world(seed: int) -> list[Document]:
    """A hundred documents."""
    maker = Maker(seed)
    bodies = [
        {"resourceType": kind, **clean(make(maker, n))} for kind, make in KINDS.items() for n in range(COUNTS[kind])
    ]
    maker.random.shuffle(bodies)
    start = 1_600_000_000_000_000
    return [Document(rid, body, start + rid * 3_600_000_000) for rid, body in enumerate(bodies, 1)]
