"""Delivery (floor 4): a signed document to each of its receivers, and for each a state, a channel and a proof.

Nobody reads "sent" before a transport has acknowledged, nor "delivered" before the receiver has it. A room that writes
letters puts `posted(...)` into the transaction of what causes them.
"""

from collections.abc import Sequence

from felles.delivery import conservation
from felles.delivery.case import Order
from felles.delivery.channel import Channel
from felles.delivery.letter import posted
from felles.delivery.mailbox import watch
from felles.delivery.notice import sending, server
from felles.delivery.state import State
from felles.delivery.stored import template
from felles.record.rule import Rule


def rules() -> Sequence[Rule]:
    """What holds for every letter, whoever writes it."""
    return conservation.RULES


__all__ = ["Channel", "Order", "State", "posted", "rules", "sending", "server", "template", "watch"]
