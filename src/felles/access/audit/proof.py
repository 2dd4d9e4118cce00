"""The verification of one store's log, with the keys and anchors that lie where its place says, or elsewhere."""

from collections.abc import Sequence
from pathlib import Path

from felles.access.audit.anchor import anchors
from felles.access.audit.key import trusted_keys
from felles.access.audit.place import Place
from felles.access.audit.verify import Fault, Verification, verify
from felles.record.store.snapshot import snapshot


async def prove(
    store: str, place: Place, files: Sequence[Path] = (), *, begin: int = 0, end: int = 2**62
) -> Verification:
    """Verifies what was sealed between two moments (microseconds); `files` of anchors instead of the place's own.
    Others may go on writing."""
    keys = trusted_keys(place.folder)
    named = files or ((place.anchor,) if place.anchor.exists() else ())
    given = [one for file in named for one in anchors(file)]  # before the snapshot: it holds all that is anchored
    async with snapshot(store) as moment:
        found = await verify(moment, keys, given, begin=begin, end=end)
    if found.seals and not keys:
        found.faults.insert(0, Fault(f"no public key of the log lies in {place.folder}"))
    if found.seals and not found.anchors:
        found.faults.append(
            Fault(
                f"there are no anchors at {place.anchor}: a tail that was cut would not be missed; a sealer that was "
                "stopped before its first anchor leaves this too, and `felles audit seal` writes them from the store"
            )
        )
    return found
