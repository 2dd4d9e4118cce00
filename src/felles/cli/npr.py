"""`felles npr`: the month's extract for Norsk pasientregister, and what NPR answers."""

import time
from pathlib import Path
from typing import Any

import click

from felles.cli.app import _within as within
from felles.cli.app import standing
from felles.cli.option import run, store_option

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def npr() -> None:
    """Report to the national patient register (NPR)."""


@npr.command()
@store_option
@click.option("--month", help="Which month, e.g. 2026-10. If unset, the month before this one.")
@click.option("--out", type=FOLDER, help="Where the messages are put (FELLES_NPR); a folder for this user alone.")
@click.option("--xsd", type=FOLDER, help="Where the official schemas lie (FELLES_NPR_XSD).")
def extract(store: str | None, month: str | None, out: Path | None, xsd: Path | None) -> None:
    """Write npr_ord and npr_ide of each institution that reports, and keep whether they are valid and add up. Exit
    status 1 if one is not or does not."""
    from felles.clerical.npr.month import Month
    from felles.clerical.npr.obligation import take
    from felles.duties.calendar import NORWAY

    settings, now = standing(store), time.time_ns() // 1_000
    folder, schemas = out or _folder(settings.npr), xsd or _folder(settings.npr_xsd)
    if folder is None:
        raise click.UsageError("say where the messages are put: --out or FELLES_NPR")
    try:
        wanted = Month.of(month) if month else Month.before(NORWAY.day(now))
    except ValueError as error:
        raise click.UsageError("--month takes a month, e.g. 2026-10") from error
    found = run(within(settings, lambda record: take(record, wanted, folder, schemas, now)))
    for one in found:
        _tell(one)
    if not all(one.sound for one in found):
        raise SystemExit(1)


def _folder(name: str) -> Path | None:
    return Path(name) if name else None


def _tell(one: Any) -> None:
    """What was taken out of an institution, in words."""
    from felles.clerical.npr.report import report

    made, name = report(one, ""), one.gathered.institution.name
    left = len(one.gathered.left)
    counts = (
        f"{len(one.gathered.contacts)} contacts, {len(one.gathered.periods)} referral periods, {made.patients} patients"
    )
    click.echo(f"{name} {made.month}: {counts}; {left} left out; {'adds up' if made.holds else 'DOES NOT ADD UP'}")
    if one.fault:
        click.echo(f"  {one.fault}")
    for message, sent in zip(one.messages, made.sent, strict=True):
        said = "valid" if sent.known and not sent.faults else "INVALID" if sent.faults else "no schema installed"
        click.echo(f"  {message.file}: {said}; MsgId {sent.id}")
        for fault in sent.faults:
            click.echo(f"    {fault}")


@npr.command()
@store_option
@click.argument("file", type=click.File("rb"))
def receipt(store: str | None, file: Any) -> None:
    """Take in what NPR has answered: an application receipt, or its report of errors. Each error is owed by the unit
    whose contact it is; a month of which both messages are accepted is not owed any more."""
    from felles.clerical.npr.answer import read
    from felles.clerical.npr.taking import receive

    try:
        answer = read(file.read())
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    made = run(within(standing(store), lambda record: receive(record, answer, time.time_ns() // 1_000)))
    state = "accepted" if made.accepted else "not accepted yet"
    click.echo(f"{made.month}: {state}; {len(made.errors)} errors")
