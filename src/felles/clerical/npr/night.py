"""A night's extract in a process of its own, so that nobody who is served meanwhile waits for it:
`python -m felles.clerical.npr.night MONTH MOMENT FOLDER SCHEMAS`, the store in FELLES_STORE.

It prints what is to be kept. Without a folder the messages are taken away again: then only their result is kept.
"""

import asyncio
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from felles.access.consent import instant
from felles.clerical.npr.extract import extract
from felles.clerical.npr.message import Heading
from felles.clerical.npr.month import Month
from felles.clerical.npr.report import Report, of, report, resource
from felles.duties.calendar import NORWAY

NICE = 10
"""Whoever is served goes first."""


async def apart(address: str, month: Month, folder: Path | None, schemas: Path | None, now: int) -> list[Report]:
    """A month's reports, from a process that ends with this task. Raises ChildProcessError where it failed."""
    given = [str(month), str(now), str(folder or ""), str(schemas or "")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, *given, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "FELLES_STORE": address},
    )  # fmt: skip
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise ChildProcessError(f"the extract of {month} ended with status {process.returncode}")
    return [of(one) for one in orjson.loads(said)]


async def taken(address: str, month: Month, folder: Path, schemas: Path | None, now: int) -> list[Report]:
    """The reports of extracts that are put into `folder`."""
    found = await extract(address, month, folder, Heading(NORWAY.day(now)), schemas)
    return [report(one, instant(now)) for one in found]


def main(month: str, now: str, folder: str, schemas: str) -> None:
    os.nice(NICE)
    with TemporaryDirectory() as passing:
        place, installed = Path(folder or passing), Path(schemas) if schemas else None
        found = asyncio.run(taken(os.environ["FELLES_STORE"], Month.of(month), place, installed, int(now)))
    sys.stdout.buffer.write(orjson.dumps([resource(one) for one in found]))


if __name__ == "__main__":
    main(*sys.argv[1:])
