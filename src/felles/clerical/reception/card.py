"""Whether somebody has a frikort, behind one small interface: NAV's Egenandelsforespørsel answers yes or nothing.

No transport is built: the answer is then that nobody could be asked, and the reception asks the patient for the card.
"""

from datetime import date
from enum import StrEnum
from typing import Protocol


class Has(StrEnum):
    """YES; NOT_SAID: no card, or the patient has reserved against telling (the service does not say which); UNASKED."""

    YES = "yes"
    NOT_SAID = "not-said"
    UNASKED = "unasked"


class Register(Protocol):
    """Who can be asked about a national number and the day of the service."""

    async def asked(self, number: str, day: date) -> Has: ...


class Nobody:
    """Where no register can be reached."""

    async def asked(self, number: str, day: date) -> Has:
        return Has.UNASKED
