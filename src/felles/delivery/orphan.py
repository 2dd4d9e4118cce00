"""Letters that are not through and that nobody owes: there are none, ever."""

from collections.abc import AsyncIterator
from typing import Any

from felles.delivery.conservation import is_done
from felles.delivery.letter import is_delivery
from felles.duties.orphan import Orphan, without_duty
from felles.record.record import Record


async def _under_way(_: str, found: dict[str, Any]) -> bool:
    return is_delivery(found) and not is_done(found)


async def orphans(record: Record) -> AsyncIterator[Orphan]:
    """Deliveries that are on their way without a duty."""
    async for id in without_duty(record, "Communication", _under_way):
        yield Orphan("a letter is not through and nobody owes it", f"Communication/{id}")
