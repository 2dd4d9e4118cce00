"""Agreements on the shared record between legal entities (pasientjournalloven § 9), as FHIR Contract.

A Contract of type `urn:felles:agreement|shared-record`, status executed, names its parties as `subject` or as
`signer[].party` (Organization of the legal entity, the root of its tree), and holds for the period `applies`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from felles.record.index.leaf import period_row
from felles.record.index.relation import OPEN_HIGH, OPEN_LOW

SYSTEM = "urn:felles:agreement"
SHARED_RECORD = "shared-record"


@dataclass(frozen=True, slots=True)
class Agreement:
    """`parties` are "Organization/x"; it holds in [low, high) microseconds."""

    id: str
    parties: frozenset[str]
    low: int = OPEN_LOW
    high: int = OPEN_HIGH


def agreement(contract: dict[str, Any]) -> Agreement | None:
    """The agreement that a Contract is; None where it is another kind, or not in force."""
    codings = (contract.get("type") or {}).get("coding") or ()
    if contract.get("status") != "executed" or not any(
        one.get("system") == SYSTEM and one.get("code") == SHARED_RECORD for one in codings
    ):
        return None
    named = [*(contract.get("subject") or ()), *(one.get("party") or {} for one in contract.get("signer") or ())]
    parties = frozenset(one["reference"] for one in named if str(one.get("reference")).startswith("Organization/"))
    row = period_row(contract.get("applies") or {})
    low, high = row[1:] if row else (OPEN_LOW, OPEN_HIGH)
    return Agreement(str(contract.get("id")), parties, low, high)


def reach(party: str | None, agreements: Iterable[Agreement], now: int) -> frozenset[str]:
    """The legal entities whose part of the record somebody at `party` may read: its own, and those it has an agreement
    with at this moment."""
    if party is None:
        return frozenset()
    found = {party}
    for one in agreements:
        if one.low <= now < one.high and party in one.parties:
            found |= one.parties
    return frozenset(found)


def parties(agreements: Iterable[Agreement], now: int) -> frozenset[str]:
    """All legal entities that have some agreement at this moment."""
    return frozenset(party for one in agreements if one.low <= now < one.high for party in one.parties)
