"""Delivery (floor 4): a signed document to each of its receivers, and for each a state, a channel and a proof.

Nobody reads "sent" before a transport has acknowledged, nor "delivered" before the receiver has it. A room that writes
letters puts `posted(...)` into the transaction of what causes them.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from felles.delivery import conservation, run, volume
from felles.delivery.case import Order
from felles.delivery.channel import Channel
from felles.delivery.letter import posted
from felles.delivery.mailbox import watch
from felles.delivery.notice import sending, server
from felles.delivery.orphan import orphans
from felles.delivery.state import State
from felles.delivery.stored import template
from felles.record.record import Record
from felles.record.rule import Rule
from felles.record.store import Sql

LINES: Mapping[str, Sql] = {**volume.LINES, **run.LINES}
"""The room's statements on its own tables, by name."""

WORKERS: Sequence[tuple[str, Callable[[Record], Coroutine[Any, Any, None]]]] = (("delivery: volume", volume.watch),)
"""What runs beside a serving process until it is cancelled; any number of processes may."""


def rules() -> Sequence[Rule]:
    """What holds for every letter, whoever writes it."""
    return conservation.RULES


__all__ = [
    "LINES",
    "WORKERS",
    "Channel",
    "Order",
    "State",
    "orphans",
    "posted",
    "rules",
    "sending",
    "server",
    "template",
    "watch",
]
