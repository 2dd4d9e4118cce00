"""The row that a command leaves in the access log before it takes data out of the store."""

import getpass
import time
from pathlib import Path

import click

from felles.settings import Settings


def leave_trace(chosen: Settings, command: str) -> None:
    """One row: somebody at this machine has everything. Raises ClickException where it cannot be written; a store that
    is not there has nothing to take."""
    from felles.access.audit.place import place_of
    from felles.access.audit.row import Act, Row, encode
    from felles.access.audit.segment import Segment, folder_of_log
    from felles.access.who import Purpose

    if "://" not in chosen.store and not Path(chosen.store).exists():
        return
    client = f"felles {command} by {getpass.getuser()}"
    moment = time.time_ns() // 1_000
    row = Row(moment, Act.EXPORT, person="Device/operator", client=client, purpose=Purpose.SYSTEM.value)
    try:
        segment = Segment(folder_of_log(place_of(chosen.store, chosen.log, chosen.anchor).folder))
        segment.append([encode(row)])
        segment.close()
    except OSError as error:
        raise click.ClickException(f"the access log cannot be written, so nothing is taken out: {error}") from error
