"""One month's extract of every institution: both messages, the list of what is not in them, validity, reconciliation.

Files are for this user alone and never in the record: identities go to the operator's folder and from there to NPR.
"""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from felles.clerical.npr.gathered import Gathered, Left
from felles.clerical.npr.gathering import Gathering
from felles.clerical.npr.message import IDE, ORD, Heading, unwritable, write
from felles.clerical.npr.month import Month
from felles.clerical.npr.reconciliation import Reconciled, reconcile
from felles.clerical.npr.schema import Verdict, verdict
from felles.record.store.snapshot import snapshot


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it lies in its file: its fingerprint (SHA-256), and what the schema says of it."""

    kind: str
    file: Path
    fingerprint: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Extract:
    """What was taken out of one institution; where nothing is to be reported, or it cannot be (`fault`), there are no
    messages."""

    gathered: Gathered
    messages: tuple[Message, ...]
    reconciled: Reconciled
    listed: Path
    fault: str = ""

    @property
    def sound(self) -> bool:
        """Whether it adds up and no installed schema has found a fault."""
        return self.reconciled.holds and not self.fault and not any(one.verdict.faults for one in self.messages)


async def extract(address: str, month: Month, folder: Path, heading: Heading, schemas: Path | None) -> list[Extract]:
    """Writes a month's messages of each institution into `folder`, one snapshot for all of them. Earlier ones of the
    same month are replaced. Raises ValueError, OSError."""
    async with snapshot(address) as moment:
        made_up = await moment.rows("SELECT value FROM store WHERE name = 'demo'") == [("yes",)]
        found = await Gathering(moment, month).all()
    return _files(found, folder, replace(heading, made_up=made_up), schemas)


def _files(found: Mapping[str, Gathered], folder: Path, heading: Heading, schemas: Path | None) -> list[Extract]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [_written(one, folder, heading, schemas) for _, one in sorted(found.items())]


def _written(one: Gathered, folder: Path, heading: Heading, schemas: Path | None) -> Extract:
    stem = f"{one.institution.number}-{one.month}"
    messages: list[Message] = []
    fault = unwritable(one) if one.patients else ""
    for kind in (ORD, IDE) if one.patients and not fault else ():
        file = folder / f"{kind}-{stem}.xml"
        with _private(file) as out:
            write(out, kind, one, heading)
        messages.append(Message(kind, file, hashlib.sha256(file.read_bytes()).hexdigest(), verdict(file, schemas)))
    listed = folder / f"left-{stem}.csv"
    with _private(listed) as out:
        out.write(_list(one.left).encode())
    return Extract(one, tuple(messages), reconcile(one, [each.file for each in messages]), listed, fault)


def _list(left: Iterable[Left]) -> str:
    """Opaque ids and reasons, in order."""
    out = io.StringIO()
    rows = sorted((one.unit, one.reference, one.reason) for one in left)
    csv.writer(out, delimiter=";", lineterminator="\n").writerows([("unit", "resource", "reason"), *rows])
    return out.getvalue()


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """A file for this user alone that appears whole."""
    half = path.with_name(path.name + ".part")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
