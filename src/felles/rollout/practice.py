"""Raw events for the exercise: what a hospital's first eight weeks may have left behind, and what units prepared. All
made up, marked as exercise data, the same for the same seed; nothing is later than the status date."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from felles.clerical.npr.report import MEASURE
from felles.demo import clock
from felles.demo.resource import Json, key, reference, resource
from felles.rollout.measure import CATEGORY
from felles.rollout.plan import Plan, UnitKind

PEOPLE = 120
LETTERS, MESSAGES, IMAGES, REFERRALS = 1_600, 1_900, 620, 540
WITHOUT_RECEIPT = {"letter": 0.093, "message": 0.041}
WITHOUT_OWNER = 0.062
NOT_ASSESSED = 0.17
KINDS = (
    ("henvisning", "Fastlegekontoret Strinda"), ("epikrise", "Fastlegekontoret Byåsen"), ("dialog", "Melhus kommune"),
    ("utskrivningsklar", "Stjørdal kommune"), ("svar", "Fastlegekontoret Byåsen"),
)  # fmt: skip


class Practice:
    """Everything before the status date at the source of a plan."""

    def __init__(self, plan: Plan, source: str, seed: int = 1) -> None:
        self.plan, self.unit = plan, plan.unit(source)
        self.rng = random.Random(seed)  # noqa: S311 (an exercise)
        self.since = self.unit.live or plan.first
        self.days = (plan.status - self.since).days
        self.home = reference(f"Organization/{source}", self.unit.name)

    def resources(self) -> Iterator[Json]:
        """As FHIR R4, each after those it refers to."""
        for unit in self.plan.units:
            parent = {"partOf": reference(f"Organization/{unit.parent}")} if unit.parent else {}
            yield resource("Organization", unit.key, {"active": True, "name": unit.name, **parent})
        for number in range(PEOPLE):
            name = [{"family": "Øving", "given": [f"Person {number}"]}]
            yield resource("Patient", key("practice", number), {"active": True, "name": name})
        yield from self._letters()
        yield from self._messages()
        yield from self._images()
        yield from self._referrals()
        yield from self._extract()

    def _moment(self, first: date, last: date) -> datetime:
        day = first + timedelta(days=self.rng.randrange((last - first).days + 1))
        return clock.at(day, self.rng.randrange(7, 17), self.rng.randrange(60))

    def _patient(self) -> Json:
        return reference(f"Patient/{key('practice', self.rng.randrange(PEOPLE))}")

    def _letters(self) -> Iterator[Json]:
        for number in range(LETTERS):
            moment, patient = self._moment(self.since, self.plan.status - timedelta(days=1)), self._patient()
            id = key("letter", number)
            kind = {"coding": [{"system": "urn:felles:letter", "code": "appointment"}]}
            yield resource(
                "Composition",
                id,
                {
                    "status": "final", "type": kind, "subject": patient, "date": clock.instant(moment),
                    "author": [self.home], "title": "Time til undersøkelse", "custodian": self.home,
                },
            )  # fmt: skip
            for role in ("patient", "gp"):
                lost = self.rng.random() < WITHOUT_RECEIPT["letter"] * (1.5 if role == "gp" else 0.5)
                yield self._delivery(id, role, patient, kind, moment, lost)

    def _delivery(self, letter: str, role: str, patient: Json, kind: Json, moment: datetime, lost: bool) -> Json:
        through = {"sent": clock.instant(moment), "received": clock.instant(moment + timedelta(hours=2))}
        state, status = ("handed", "in-progress") if lost else ("delivered", "completed")
        return resource(
            "Communication",
            key(letter, role),
            {
                "status": status,
                "statusReason": {"coding": [{"system": "urn:felles:delivery-state", "code": state}]},
                "category": [
                    {"coding": [{"system": "urn:felles:delivery", "code": "letter"}]},
                    {"coding": [{"system": "urn:felles:receiver-role", "code": role}]},
                    kind,
                ],
                "medium": [{"coding": [{"system": "urn:felles:channel", "code": "message"}]}],
                "subject": patient,
                "partOf": [reference(f"Composition/{letter}")],
                "sender": self.home,
                "recipient": [patient],
                **({} if lost else through),
            },
        )

    def _messages(self) -> Iterator[Json]:
        for number in range(MESSAGES):
            moment = self._moment(self.since, self.plan.status - timedelta(days=1))
            kind, to = self.rng.choice(KINDS)
            open_ = self.rng.random() < WITHOUT_RECEIPT["message"] * (2 if kind == "henvisning" else 0.75)
            received = {} if open_ else {"received": clock.instant(moment + timedelta(minutes=9))}
            yield resource(
                "Communication",
                key("message", number),
                {
                    "status": "in-progress" if open_ else "completed",
                    "category": [{"coding": [{"system": "urn:felles:message", "code": kind}]}],
                    "subject": self._patient(),
                    "sent": clock.instant(moment),
                    "sender": self.home,
                    "recipient": [{"display": to}],
                    **received,
                },
            )

    def _images(self) -> Iterator[Json]:
        begin = self.since - timedelta(days=30)
        for number in range(IMAGES):
            ordered = self._moment(begin, self.plan.status - timedelta(days=1))
            new = ordered.date() >= self.since
            order, patient = key("image", number), self._patient()
            yield self._request(order, "imaging", "Bildediagnostikk", patient, ordered)
            if new and self.rng.random() < WITHOUT_OWNER:
                continue
            yield resource(
                "Task",
                key("image-task", number),
                {
                    "status": "completed", "intent": "order", "focus": reference(f"ServiceRequest/{order}"),
                    "for": patient, "authoredOn": clock.instant(ordered), "owner": self.home,
                },
            )  # fmt: skip
            issued = ordered + timedelta(hours=self.rng.gammavariate(2, 34 if new else 15))
            if issued.date() < self.plan.status:
                yield resource(
                    "DiagnosticReport",
                    key("image-report", number),
                    {
                        "status": "final", "code": {"text": "Bildeundersøkelse"}, "subject": patient,
                        "basedOn": [reference(f"ServiceRequest/{order}")], "issued": clock.instant(issued),
                        "performer": [self.home],
                    },
                )  # fmt: skip

    def _request(self, id: str, code: str, words: str, patient: Json, moment: datetime) -> Json:
        return resource(
            "ServiceRequest",
            id,
            {
                "status": "active", "intent": "order", "subject": patient, "authoredOn": clock.instant(moment),
                "category": [{"coding": [{"system": CATEGORY, "code": code}], "text": words}],
                "code": {"text": words}, "performer": [self.home],
            },
        )  # fmt: skip

    def _referrals(self) -> Iterator[Json]:
        for number in range(REFERRALS):
            moment, patient = self._moment(self.since, self.plan.status - timedelta(days=1)), self._patient()
            referral = key("referral", number)
            yield self._request(referral, "referral", "Henvisning", patient, moment)
            old = (self.plan.status - moment.date()).days > 18
            waits = self.rng.random() < (NOT_ASSESSED if old else 0.6)
            received = moment.date().isoformat()
            inner: list[Json] = [{"url": name, "valueDate": received} for name in ("seniority", "received")]
            if not waits:
                assessed = min(moment.date() + timedelta(days=6), self.plan.status - timedelta(days=1))
                inner += [{"url": "assessed", "valueDate": assessed.isoformat()}]
                inner += [{"url": "deadline", "valueDate": (assessed + timedelta(days=90)).isoformat()}]
                inner += [{"url": "outcome", "valueCode": "right"}, {"url": "field", "valueCode": "somatic"}]
            yield resource(
                "EpisodeOfCare",
                key("period", number),
                {
                    "extension": [{"url": "urn:felles:referral-period", "extension": inner}],
                    "status": "planned" if waits else "waitlist",
                    "type": [{"coding": [{"system": "urn:felles:episode", "code": "referral-period"}]}],
                    "patient": patient, "managingOrganization": self.home, "period": {"start": received},
                    "referralRequest": [reference(f"ServiceRequest/{referral}")],
                },
            )  # fmt: skip

    def _extract(self) -> Iterator[Json]:
        """The one extract that was tried, with faults: there is no valid one."""
        yield resource(
            "MeasureReport",
            key("npr", 1),
            {
                "status": "error",
                "type": "summary",
                "measure": MEASURE,
                "date": clock.instant(clock.at(date(2022, 12, 9), 4)),
                "reporter": self.home,
                "period": {"start": "2022-11-01", "end": "2022-11-30"},
            },
        )

    def records(self) -> Iterator[dict[str, Any]]:
        """Raw records: faults at the source, and each unit's preparations as far as they have come."""
        for number, (group, fixed) in enumerate(FAULTS):
            day = self.since + timedelta(days=3 + 5 * number)
            yield _record("critical-faults", self.unit.key, f"A-{number + 1:03}", day, fixed, group)
        yield _record("critical-faults", self.unit.key, "A-000", self.plan.status - timedelta(days=1), True, "annet")
        live = self.plan.go_lives()
        for unit in self.plan.units:
            if unit.key in live and unit.kind in {UnitKind.HOSPITAL, UnitKind.MUNICIPALITY}:
                yield from self._prepared(unit.key, self.plan.dates[live[unit.key].key].start)

    def _prepared(self, unit: str, golive: date) -> Iterator[dict[str, Any]]:
        near = (golive - self.plan.status).days
        day = self.plan.status - timedelta(days=2)
        if near > 130:
            return
        for number in range(24):
            yield _record("devices", unit, f"{unit}-d{number}", day, True)
        for number in range(8):
            yield _record("access-tests", unit, f"{unit}-t{number}", day, True)
        if near > 60:
            return
        for number in range(20):
            yield _record("rehearsal", unit, f"{unit}-f{number}", day, number > 0)
        for number in range(40):
            yield _record("training-passed", unit, f"{unit}-p{number}", day, number % 20 != 7)
        for number in range(14):
            yield _record("super-users", unit, f"{unit}-v{number}", day, True)


FAULTS = (
    ("e-meldinger", False), ("bildediagnostikk", False), ("merkantilt", False), ("legemidler", True),
    ("e-meldinger", False), ("bildediagnostikk", False), ("e-meldinger", True),
)  # fmt: skip
"""Faults of class A since the go-live: where, and whether they are put right and tested again."""


def _record(criterion: str, unit: str, id: str, day: date, good: bool, group: str = "") -> dict[str, Any]:
    made = {"criterion": criterion, "unit": unit, "id": key(criterion, id), "day": day.isoformat(), "good": good}
    return made | ({"group": group} if group else {})
