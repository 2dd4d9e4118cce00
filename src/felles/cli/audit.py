"""`felles audit`: whether the access log is what was told."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from felles.cli.option import run, store_option
from felles.settings import Settings, settings

if TYPE_CHECKING:
    from felles.access.audit.pattern import Finding
    from felles.access.audit.verify import Verification

DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def audit() -> None:
    """The access log: verify it, seal what waits, look for unusual reading."""


@audit.command()
@store_option
@click.option("--log", "folder", help="Folder of the log's segments and keys (FELLES_LOG).")
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="A file of anchors, several times if you like; give the copy that other people keep (FELLES_ANCHOR).",
)
@click.option("--from", "begin", type=DAY, help="Recompute only what was sealed from this moment on (local time).")
@click.option("--to", "end", type=DAY, help="Recompute only what was sealed before this moment (local time).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(
    store: str | None,
    folder: str | None,
    anchors: tuple[str, ...],
    begin: datetime | None,
    end: datetime | None,
    as_json: bool,
) -> None:
    """Recompute the whole chain, check every seal and anchor. Exit status 1 says that something was altered, removed,
    put in or moved, and what. Others may go on writing."""
    found = run(_verified(_chosen(store, folder), tuple(map(Path, anchors)), _micros(begin, 0), _micros(end, 2**62)))
    click.echo(_json(found) if as_json else _said(found))
    if found.faults:
        raise SystemExit(1)


@audit.command()
@store_option
@click.option("--log", "folder", help="Folder of the log's segments and keys (FELLES_LOG).")
def seal(store: str | None, folder: str | None) -> None:
    """Seal now what waits in segments and trail (a running `felles serve` does it every second)."""
    click.echo(f"{run(_sealed(_chosen(store, folder)))} rows sealed")


@audit.command()
@store_option
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The local day to look at.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def unusual(store: str | None, day: datetime, as_json: bool) -> None:
    """Look for unusual reading in a day of the log: same surname, colleagues, protected people, no relation, volume.
    Findings are kept, and owed to the privacy officer, once each (a running `felles serve` does it every day)."""
    found = run(_unusual(_chosen(store, None), day.date()))
    click.echo(_listed(found) if as_json else "\n".join([*map(_line, found), f"{len(found)} findings"]))


def _chosen(store: str | None, folder: str | None) -> Settings:
    try:
        return settings(store=store, log=folder)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _micros(moment: datetime | None, otherwise: int) -> int:
    return int(moment.timestamp() * 1_000_000) if moment else otherwise


async def _verified(chosen: Settings, files: tuple[Path, ...], begin: int, end: int) -> "Verification":
    from felles.access.audit.place import place_of
    from felles.access.audit.proof import prove

    return await prove(chosen.store, place_of(chosen.store, chosen.log, chosen.anchor), files, begin=begin, end=end)


async def _sealed(chosen: Settings) -> int:
    from felles.access.audit.place import place_of
    from felles.access.audit.sealer import Sealer
    from felles.app import LINES, RULES
    from felles.record.record import Record

    record = await Record.open(chosen.store, RULES, lines=LINES)
    try:
        return await Sealer(record, place_of(chosen.store, chosen.log, chosen.anchor)).settle()
    finally:
        await record.close()


async def _unusual(chosen: Settings, day: date) -> "list[Finding]":
    from felles.access.audit.unusual import lines, look
    from felles.app import LINES, RULES, report
    from felles.record.record import Record

    record = await Record.open(chosen.store, RULES, lines=LINES)
    try:
        found = await look(record, day)
        await record.commit((), lines=lines(found))
        await report(record, found)
    finally:
        await record.close()
    return found


def _line(one: "Finding") -> str:
    return f"{one.person} {one.reason}: {len(one.rows)} rows from {one.rows[0]}"


def _listed(found: "list[Finding]") -> str:
    import orjson

    said = [
        {"id": one.id, "pattern": one.pattern, "person": one.person, "unit": one.unit, "rows": one.rows}
        for one in found
    ]
    return orjson.dumps(said, option=orjson.OPT_INDENT_2).decode()


def _said(found: "Verification") -> str:
    end = "the log is what was told" if not found.faults else f"{len(found.faults)} faults"
    counts = f"{found.rows} rows, {found.seals} seals, {found.anchors} anchors: {end}"
    return "\n".join([*map(str, found.faults), *(f"note: {one}" for one in found.notes), counts])


def _json(found: "Verification") -> str:
    import orjson

    faults = [{"what": fault.what, "row": fault.row or None, "seal": fault.seal or None} for fault in found.faults]
    said = {"rows": found.rows, "seals": found.seals, "anchors": found.anchors, "faults": faults,
            "notes": found.notes}  # fmt: skip
    return orjson.dumps(said, option=orjson.OPT_INDENT_2).decode()
