"""The sealing process of `felles serve`: `python -m felles.cli.sealer`, store and folders from the environment. It ends
with its standard input."""

import asyncio
import os
import sys

from felles.access.audit.place import place_of
from felles.access.audit.sealer import seal
from felles.app import LINES, RULES
from felles.cli import log
from felles.record.record import Record
from felles.settings import settings


async def work() -> None:
    """Seals until `felles serve` is gone; waits for its turn where another process seals the same folder."""
    chosen = settings()
    record = await Record.open(chosen.store, RULES, lines=LINES)
    sealing = asyncio.create_task(seal(record, place_of(chosen.store, chosen.log, chosen.anchor)))
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _look, sealing)
    try:
        await sealing
    except asyncio.CancelledError:
        return
    finally:
        await record.close()


def _look(sealing: "asyncio.Task[None]") -> None:
    if not os.read(sys.stdin.fileno(), 4_096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        sealing.cancel()


def main() -> None:
    log.configure()
    asyncio.run(work())


if __name__ == "__main__":
    main()
