"""The review of an emergency access: what the house owes the patient whose record was opened without a relation.

An emergency opening stands as Consent (category urn:felles:consent|emergency, organization the unit, performer who
opened). Its unit's leader reviews it; the proof is the signed outcome, `ok` or `not ok` with a reason, by somebody
else than the one who opened (helsepersonelloven § 45, Normen faktaark 14: emergency access is followed up).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from felles.access.ground import CONSENT
from felles.access.ground import Kind as Wish
from felles.access.role import LEADERS
from felles.duties.deadline import WorkingDays, due
from felles.duties.deed import Owe, Said, moment_of, owing
from felles.duties.escalation import Level, Step
from felles.duties.kind import Kind, declare
from felles.record.outcome import problem
from felles.record.rule import Deed, Inside, Rule, Woken
from felles.record.store import Kind as Written

REVIEW = declare(
    Kind(
        1,
        "emergency-review",
        "Etterkontroll av nødåpning",
        WorkingDays(3),
        (Step(Level.REGION, WorkingDays(2)),),
        proof="Lederens kontroll, med utfall og grunn",
        level=Level.LEADER,
        closers=LEADERS,
        opens=False,
    )
)


def is_emergency(consent: dict[str, Any]) -> bool:
    """Whether a Consent is the opening of a record in an emergency."""
    codings = (coding for category in consent.get("category") or () for coding in category.get("coding") or ())
    return any(coding.get("system") == CONSENT and coding.get("code") == Wish.EMERGENCY for coding in codings)


def is_frequent(consent: dict[str, Any]) -> bool:
    """Whether somebody opened who does so unusually often: the review is due the next working day."""
    tags = (consent.get("meta") or {}).get("tag") or ()
    return any((tag.get("system"), tag.get("code")) == ("urn:felles:alarm", "frequent") for tag in tags)


def performers(consent: dict[str, Any]) -> frozenset[str]:
    """Who opened."""
    return frozenset(one.get("reference", "") for one in consent.get("performer") or ())


async def _review(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    if woken.kind is not Written.CREATE or woken.after is None or not is_emergency(woken.after):
        return []
    units = [one.get("reference", "") for one in woken.after.get("organization") or ()]
    if not units:
        raise problem(422, "required", "an emergency opening names the unit that reviews it", "Consent.organization")
    patient = (woken.after.get("patient") or {}).get("reference")
    owe = Owe(REVIEW, f"Consent/{woken.id}", units[0], patient=patient)
    if is_frequent(woken.after):
        owe = replace(owe, due=due(WorkingDays(1), moment_of(woken)), reason="Mange nødåpninger på kort tid")
    return [owe]


RULE = Rule("an emergency opening is reviewed", frozenset({"Consent"}), owing(_review))
