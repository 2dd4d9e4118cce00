"""`felles check`: whether everything holds that must hold."""

import click

from felles.cli.option import chosen, run, store_option


@click.command()
@store_option
@click.option("--sample", type=click.IntRange(1), help="Check the index of so many resources instead of all.")
def check(store: str | None, sample: int | None) -> None:
    """Read the whole store and say what does not hold: exit status 1 if there is anything. Others may go on writing."""
    if run(_said(chosen(store).store, sample or 0)):
        raise SystemExit(1)
    click.echo("everything holds")


async def _said(address: str, sample: int) -> int:
    """Prints the findings and counts them."""
    from felles.cli.progress import Bar
    from felles.record.check import check as findings

    count = 0
    with Bar(None, "check") as bar:
        async for finding in findings(address, sample, lambda what: bar.move(0, what)):
            count += 1
            click.echo(str(finding))
    return count
