"""`felles restore`: a store from a copy."""

from pathlib import Path

import click

from felles.cli.option import chosen, run, store_option


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@store_option
@click.option("--replace", is_flag=True, help="Throw away what the store holds.")
def restore(file: Path, store: str | None, replace: bool) -> None:
    """Make the store what it was in the backup FILE. Nothing may be using it. Everybody signs in anew. Then run
    `felles check`."""
    from felles.record.bulk.backup import restore as restored

    address = chosen(store).store
    run(restored(file, address, replace=replace))
    run(_signed_out(address))
    click.echo(f"restored {file}")


async def _signed_out(address: str) -> None:
    from felles.access.entrance import shut
    from felles.app import LINES, RULES
    from felles.record.record import Record

    record = await Record.open(address, RULES, lines=LINES)
    try:
        await shut(record)
    finally:
        await record.close()
