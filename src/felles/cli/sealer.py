"""The process of `felles serve` that keeps the access log: seals it every second, and searches it for unusual reading
every day. `python -m felles.cli.sealer`, store and folders from the environment; ends with its standard input."""

import asyncio
import os
import sys

from felles.access.audit.place import place_of
from felles.access.audit.sealer import seal
from felles.access.audit.unusual import daily
from felles.app import LINES, RULES, report
from felles.cli import log
from felles.record.record import Record
from felles.settings import settings


async def work() -> None:
    """Seals until `felles serve` is gone; waits for its turn where another process seals the same folder."""
    chosen = settings()
    record = await Record.open(chosen.store, RULES, lines=LINES)
    place = place_of(chosen.store, chosen.log, chosen.anchor)
    keeping = asyncio.gather(seal(record, place), daily(record, report))
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _look, keeping)
    try:
        await keeping
    except asyncio.CancelledError:
        return
    finally:
        await record.close()


def _look(keeping: "asyncio.Future[tuple[None, None]]") -> None:
    if not os.read(sys.stdin.fileno(), 4_096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        keeping.cancel()


def main() -> None:
    log.configure()
    asyncio.run(work())


if __name__ == "__main__":
    main()
