"""How long before it begins and after its end a relation opens the record: policy as data, by what made it."""

from dataclasses import dataclass

from felles.record.index.relation import Ground

DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Grace:
    """Days before the beginning and after the end."""

    before: int = 0
    after: int = 0


GRACE = {
    Ground.ENCOUNTER: Grace(14, 30),
    Ground.EPISODE: Grace(14, 30),
    Ground.REFERRAL: Grace(0, 60),
    Ground.APPOINTMENT: Grace(60, 14),
    Ground.PLAN: Grace(14, 30),
    Ground.TEAM: Grace(0, 7),
    Ground.DUTY: Grace(30, 7),
    Ground.GP: Grace(),
    Ground.CUSTODIAN: Grace(),
    Ground.CONSENT: Grace(),
    Ground.EMERGENCY: Grace(),
    Ground.REPRESENTATION: Grace(),
}
_MICROS = {ground.value: (grace.before * DAY, grace.after * DAY) for ground, grace in GRACE.items()}


def counts(ground: int, low: int, high: int, now: int) -> bool:
    """Whether a relation [low, high) of this ground opens the record at `now`; microseconds."""
    before, after = _MICROS[ground]
    return low - before <= now < high + after
