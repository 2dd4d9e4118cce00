"""Whether somebody has a frikort, behind one small interface: NAV's Egenandelsforespørsel answers yes or nothing.

No transport is built: the answer is then that nobody could be asked, and the reception asks the patient for the card.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol


class Has(StrEnum):
    """YES; NOT_SAID: no card, or the patient has reserved against telling (the service does not say which); UNASKED."""

    YES = "yes"
    NOT_SAID = "not-said"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer and the words that go with it."""

    has: Has
    words: str = ""


class Register(Protocol):
    """Who can be asked."""

    async def asked(self, number: str, day: date) -> Said: ...


class Nobody:
    """Where no register can be reached."""

    async def asked(self, number: str, day: date) -> Said:
        return Said(Has.UNASKED, "Felles kan ikke spørre frikortregisteret. Se på frikortet.")
