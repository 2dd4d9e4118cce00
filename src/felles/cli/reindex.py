"""`felles reindex`: the index anew from the stored bytes."""

import click

from felles.cli.option import chosen, run, store_option


@click.command()
@store_option
def reindex(store: str | None) -> None:
    """Make the search index and the waiting list what the stored resources give. Others may go on writing."""
    changed, left = run(_rebuilt(chosen(store).store))
    click.echo(f"{changed} resources had other index rows")
    if left:
        raise click.ClickException(f"{left} resources were being changed all the time: run it again")


async def _rebuilt(address: str) -> tuple[int, int]:
    from felles.app import LINES, RENEWALS, RULES
    from felles.cli.progress import Bar
    from felles.record.bulk.rebuild import rebuild
    from felles.record.record import Record

    record = await Record.open(address, RULES, lines=LINES)
    try:
        with Bar(1.0, "reindex") as bar:
            done = await rebuild(record.store, lambda share, count: bar.reach(share, f"{count:,} put right"))
        for renew in RENEWALS:
            done.changed += await renew(record)
    finally:
        await record.close()
    return done.changed, done.left
