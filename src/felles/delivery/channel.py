"""The ways a letter can take, and which one a receiver gets. Pure policy.

Digital letters: eforvaltningsforskriften § 8 and § 9 (notice, reservation). Protected addresses: folkeregisterloven
§ 10-4. A channel carries; it says of a delivery only what it knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from felles.duties.deadline import Days, Term, WorkingDays


class Channel(StrEnum):
    """MAILBOX: the patient's own letters in Felles, with a notice by e-mail. PRINT: paper, by the print room. UNIT: the
    list of a unit that works in this record. MESSAGE: an e-message to somebody outside it. HAND: by hand, where no
    list may show the address."""

    MAILBOX = "mailbox"
    PRINT = "print"
    UNIT = "unit"
    MESSAGE = "message"
    HAND = "hand"


TERMS: Mapping[Channel, Term] = {
    Channel.MAILBOX: Days(14),
    Channel.PRINT: WorkingDays(3),
    Channel.UNIT: WorkingDays(2),
    Channel.MESSAGE: WorkingDays(2),
    Channel.HAND: WorkingDays(2),
}
"""Policy: how long a letter may be on its way before the sender's unit is late."""

OPENED_WITHIN = Days(7)
"""Policy: a digital letter that has not been opened by then goes to print."""

POSTED = frozenset((Channel.PRINT, Channel.HAND))
"""Channels without a receipt: what is known at last is that it was sent."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """What is known of a receiver: "Type/id", the name to write on the letter, and what decides the channel.
    `inside`: a unit that works in this record."""

    reference: str
    name: str
    person: bool = True
    inside: bool = False
    email: str = ""
    address: bool = False
    reserved: bool = False
    protected: bool = False
    dead: bool = False
    own_mailbox: bool = True


def choose(to: Addressee) -> Channel | None:
    """The channel; None for the deceased, to whom nothing is addressed."""
    if to.dead:
        return None
    if not to.person:
        return Channel.UNIT if to.inside else Channel.MESSAGE
    if to.email and to.own_mailbox and not to.reserved:
        return Channel.MAILBOX
    if to.protected or not to.address:
        return Channel.HAND
    return Channel.PRINT


def otherwise(channel: Channel, to: Addressee) -> Channel:
    """The channel of a digital letter that nobody has opened: paper, or by hand."""
    return Channel.HAND if channel is not Channel.MAILBOX or to.protected or not to.address else Channel.PRINT
