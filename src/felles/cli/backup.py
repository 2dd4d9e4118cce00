"""`felles backup`: a copy of the store while it is in use."""

from pathlib import Path

import click

from felles.cli.option import chosen, run, store_option


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@store_option
def backup(file: Path, store: str | None) -> None:
    """Copy the store, as it is at this moment, to FILE, with its SHA-256 beside it. Others may go on writing."""
    from felles.cli.progress import Bar
    from felles.cli.trace import leave_trace
    from felles.record.bulk.backup import backup as copied

    settings = chosen(store)
    leave_trace(settings, "backup")
    with Bar(1.0, "backup") as bar:
        digest = run(copied(settings.store, file, bar.reach))
    click.echo(f"{file} ({file.stat().st_size:,} bytes, sha256 {digest})")
