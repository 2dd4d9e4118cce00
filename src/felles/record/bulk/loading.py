"""Opening all that an import needs, in the order that works: processes first, then the store."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from felles.record.bulk.crew import Alone, Crew, Many, cores, settle
from felles.record.bulk.fault import Fault
from felles.record.bulk.intake import Intake, Tally, Watch
from felles.record.bulk.preparation import Preparation
from felles.record.bulk.source import Piece, Source, pieces
from felles.record.record import Record
from felles.record.rule import Rule
from felles.record.store import Origin, Sql


async def load(
    address: str,
    files: Iterable[Source],
    watch: Watch,
    *,
    base: str,
    rules: Sequence[Rule] = (),
    lines: Mapping[str, Sql] | None = None,
    anew: bool = False,
    jobs: int | None = None,
) -> Tally:
    """Imports files into the store at `address`. `jobs`: processes that prepare; 0: none but this one."""
    every = (piece for source in files for piece in pieces(source))
    origin = Origin.IMPORT
    return await take(address, every, watch, base=base, origin=origin, rules=rules, lines=lines, anew=anew, jobs=jobs)


async def take(
    address: str,
    every: Iterator[Piece | Fault],
    watch: Watch,
    *,
    base: str,
    origin: Origin,
    rules: Sequence[Rule] = (),
    lines: Mapping[str, Sql] | None = None,
    anew: bool = False,
    jobs: int | None = None,
) -> Tally:
    """Imports pieces. Raises Problem, StoreLocked, OSError when the store cannot take them."""
    begun = time.monotonic()
    count = max(2, cores() - 1) if jobs is None else jobs
    many = Many(count, address, base, origin, anew=anew) if count else None
    try:
        record = await Record.open(address, rules, lines=lines, base=base)
        crew: Crew = many or Alone(Preparation(record, origin, anew=anew))
        settle()
        try:
            return await Intake(record.store, crew, watch, begun).run(every)
        finally:
            await record.close()
    finally:
        if many:
            many.close()
