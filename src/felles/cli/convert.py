"""`felles convert`: what an old system leaves behind."""

import csv
from pathlib import Path

import click

from felles.cli.app import _within as within
from felles.cli.app import standing
from felles.cli.option import run, store_option

SHOWN = 20


@click.group()
def convert() -> None:
    """Take over what stood in an old system, and reconcile it."""


@convert.command()
@click.argument("sheet", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="A short name of the old system; row numbers are its own.")
@click.option("--left", type=click.Path(dir_okay=False, path_type=Path), help="Where rows that were left out are put.")
@store_option
def appointments(sheet: Path, source: str, left: Path | None, store: str | None) -> None:
    """Convert the appointments of SHEET (CSV with id, patient, start, minutes, unit, what; practitioner and status if
    you like). The same sheet twice changes nothing. Exit status 1 if a row was left out or differs."""
    from felles.clerical.conversion import SheetError, refused, rows
    from felles.clerical.conversion import convert as converted

    if not source.isalnum() or len(source) > 40:
        raise click.UsageError("--source takes letters and digits")
    try:
        found = list(rows(sheet.read_bytes()))
    except SheetError as error:
        raise click.ClickException(f"{sheet}: {error}") from error
    made = run(within(standing(store), lambda record: converted(record, source, found)))
    click.echo(f"{made.read} rows: {made.written} written, {made.known} there already, {made.same} repeated, "
               f"{len(made.left)} left out; {made.unexplained} unexplained differences")  # fmt: skip
    for unit, count in sorted(made.units.items()):
        click.echo(f"  {unit}: {count}")
    for one in made.left[:SHOWN]:
        click.echo(f"  line {one.row.line} left out: {one.why}{f' ({one.more})' if one.more else ''}")
    for what in made.differ[:SHOWN]:
        click.echo(f"  line {what} differs")
    if left is not None and made.left:
        with left.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(refused(made))
        left.chmod(0o600)
    if made.left or made.unexplained:
        raise SystemExit(1)
