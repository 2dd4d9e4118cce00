"""`felles rollout`: the exercise, its paper for the board, and raw records brought in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from felles.cli.app import _within as within
from felles.cli.option import base, chosen, run, store_option

if TYPE_CHECKING:
    from felles.rollout.case import Case
    from felles.settings import Settings

STORE = "var/rollout.db"


@click.group()
def rollout() -> None:
    """The roll-out: gates, plans and what a board is shown."""


@rollout.command()
@store_option
@click.option("--json", "as_json", is_flag=True, help="Print the case as one JSON object.")
def demo(store: str | None, as_json: bool) -> None:
    """Build the exercise of 5 January 2023 in a store of its own (var/rollout.db), or read it, and say what follows."""
    from felles.rollout.case import told

    made = _case(chosen(store or STORE))
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(told(made)))
        return
    _tell(told(made))


@rollout.command()
@store_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A .pdf or .html file.")
@click.option("--language", type=click.Choice(["nb", "nn"]), default="nb", show_default=True)
def paper(store: str | None, out: Path, language: str) -> None:
    """Write the board's paper (saksframlegg) of the exercise."""
    from felles.web.rollout_paper import html, pdf

    made = _case(chosen(store or STORE))
    written = pdf(made, language) if out.suffix == ".pdf" else html(made, language).encode()
    out.write_bytes(written)
    click.echo(f"{out}: {len(written)} bytes", err=True)


def _case(settings: Settings) -> Case:
    """The case of a store; where there is no store yet, the exercise is built in it first."""
    from felles.rollout.opening import opened

    if "://" not in settings.store and not Path(settings.store).exists():
        Path(settings.store).parent.mkdir(parents=True, exist_ok=True)
        run(_build(settings))
    return run(within(settings, opened))


async def _build(settings: Settings) -> None:
    from felles.app import LINES
    from felles.cli.progress import Bar, IntakeWatch
    from felles.record.bulk.generation import drawn, mark
    from felles.record.bulk.loading import take
    from felles.record.store import Origin
    from felles.rollout.exercise import midt
    from felles.rollout.opening import events

    await mark(settings.store)
    programme = midt()
    with Bar(None, "rollout demo") as bar:
        watch = IntakeWatch(bar)
        pieces = drawn(dict(each) for each in events(programme.plan(), programme.told["paper"]["source"]))
        await take(settings.store, pieces, watch, base=base(settings), lines=LINES, origin=Origin.DEMO, jobs=0)
    if watch.tally.failed:
        raise ValueError(f"{watch.tally.failed} resources of the exercise were refused")


@rollout.command()
@store_option
@click.argument("file", type=click.File("rb"))
def bring(store: str | None, file: Any) -> None:
    """Bring raw records in: FILE has one JSON object a line, with criterion, unit, id, day and good. All or none."""
    import time

    from felles.cli.app import standing
    from felles.rollout.gathering import checked
    from felles.rollout.journal import Kind, write

    rows = []
    for number, line in enumerate(file, 1):
        try:
            rows.append(checked(json.loads(line)))
        except (ValueError, TypeError) as error:
            raise click.ClickException(f"line {number}: {error}") from error
    entries = [(Kind.RECORD, str(row["unit"]), row) for row in rows]
    now = time.time_ns() // 1_000
    run(within(standing(store), lambda record: write(record, entries, "felles rollout bring", now)))
    click.echo(f"{len(rows)} records", err=True)


def _tell(said: dict[str, Any]) -> None:
    """The case in words."""
    click.echo(f"ØVELSE. Status {said['status']}. Sak {said['case']}.")
    for verdict in said["verdicts"]:
        click.echo(f"{verdict['name']}, {verdict['gate']}: {'JA' if verdict['go'] else 'NEI'}")
        for row in verdict["criteria"]:
            if row["hard"] and row["light"] != "green":
                click.echo(f"    {row['name']}: {row['words']} (grense {row['limit']}, {row['light']})")
    for alternative in said["alternatives"]:
        click.echo(f"Alternativ {alternative['name']}: " + ("mulig" if alternative["possible"] else "ikke mulig"))
        for words in alternative["conflict"]:
            click.echo(f"    kan ikke alle holdes: {words}")
    click.echo(f"Anbefalt: {said['recommended']}; {said['tasks']['changed']} av {said['tasks']['old']} oppgaver endres")
    for unit in said["units"]:
        arrow = f"{unit['old']} → {unit['new']}" if unit["moved"] else f"{unit['old']} står"
        click.echo(f"{unit['name']}: {arrow} ({unit['kept']:.0%}). {unit['reason']}")
