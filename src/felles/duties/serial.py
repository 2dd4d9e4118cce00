"""Numbers of duties: 63 bits that grow with time, so that new rows stand together, and the id of a duty's Task."""

import os
import re
import time

from felles.record.index.value import key64

_PROCESS_BITS = 11
_COUNT_BITS = 11
_MASK = (1 << 63) - 1
_TASK = re.compile(r"duty-([0-9a-f]{1,16})\Z")


class Serial:
    """Milliseconds, then who counts, then a count. Two processes of one number that meet in a millisecond collide on
    the primary key, and the store does the request again."""

    def __init__(self) -> None:
        self._process = int.from_bytes(os.urandom(2)) >> (16 - _PROCESS_BITS)
        self._last = 0

    def next(self) -> int:
        now = (time.time_ns() // 1_000_000) << _COUNT_BITS
        self._last = max(self._last + 1, now)
        moment, count = divmod(self._last, 1 << _COUNT_BITS)
        return (moment << _PROCESS_BITS | self._process) << _COUNT_BITS | count


SERIAL = Serial()


def stable(kind: str, key: str) -> int:
    """The number of the one duty of a kind under a stable key, for workers that may come twice."""
    return key64(f"duty {kind} {key}") & _MASK


def task_id(number: int) -> str:
    """The id of the Task that shows a duty."""
    return f"duty-{number:x}"


def number_of(task_id: str) -> int | None:
    """The duty that a Task of this id shows; None for any other Task."""
    found = _TASK.match(task_id)
    return int(found[1], 16) if found else None
