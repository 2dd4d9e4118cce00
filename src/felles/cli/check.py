"""`felles check`: whether everything holds that must hold."""

import json
from dataclasses import asdict

import click

from felles.cli.option import chosen, run, store_option


@click.group(invoke_without_command=True)
@store_option
@click.option("--sample", type=click.IntRange(1), help="Check the index of so many resources instead of all.")
@click.pass_context
def check(context: click.Context, store: str | None, sample: int | None) -> None:
    """Read the whole store and say what does not hold: exit status 1 if there is anything. Others may go on writing."""
    if context.invoked_subcommand is not None:
        context.obj = store
        return
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


@check.command()
@store_option
@click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of words.")
@click.pass_context
def balance(context: click.Context, store: str | None, as_json: bool) -> None:
    """Prove the ledger of duties from its history: per kind, unit and day, open before + opened + received = closed +
    handed on + open after. Exit status 1 if a row does not add up; each is named. Others may go on writing."""
    if run(_proven(chosen(store or context.obj).store, as_json)):
        raise SystemExit(1)


async def _proven(address: str, as_json: bool) -> int:
    """Prints what does not add up and counts it."""
    from felles.duties.reckoning import Proof, faults

    proof = Proof()
    found = [fault async for fault in faults(address, proof)]
    if as_json:
        click.echo(json.dumps({"holds": not found, **asdict(proof), "faults": [asdict(one) for one in found]}))
        return len(found)
    for fault in found:
        click.echo(str(fault))
    words = f"{proof.opened:,} opened = {proof.closed:,} closed + {proof.open:,} open, from {proof.entries:,} entries"
    click.echo(words if not found else f"{len(found):,} rows do not add up")
    return len(found)


@check.command()
@store_option
@click.pass_context
def orphans(context: click.Context, store: str | None) -> None:
    """Look for what nobody owes although somebody should: open referrals and letters without a duty. Exit status 1 if
    there is any; each is named by its id."""
    if run(_left(chosen(store or context.obj).store)):
        raise SystemExit(1)
    click.echo("nothing is left without an owner")


async def _left(address: str) -> int:
    """Prints what is left and counts it."""
    from felles.app import LINES, ORPHANS, RULES
    from felles.record.record import Record

    count = 0
    record = await Record.open(address, RULES, lines=LINES)
    try:
        for room in ORPHANS:
            async for one in room(record):
                count += 1
                click.echo(str(one))
    finally:
        await record.close()
    return count
