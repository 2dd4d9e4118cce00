"""`felles authorisations`: who could do what, on which day, granted by whom (Normen faktaark 47)."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from felles.cli.option import chosen, run, store_option

if TYPE_CHECKING:
    from felles.access.register import Authorisation


@click.command()
@store_option
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="The moment asked for, local time; now if not given.",
)
@click.option("--person", help="Only this person, as in Practitioner/x.")
@click.option("--unit", help="Only this unit and those below it, as in Organization/y.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def authorisations(
    store: str | None, day: datetime | None, person: str | None, unit: str | None, as_json: bool
) -> None:
    """Print the register of authorisations as it stood on a day: person, role, unit, what the role may do, and who
    granted it (- where the record does not say). Whole days count from their beginning."""
    moment = int((day or datetime.now()).timestamp() * 1_000_000)
    found = run(_found(chosen(store).store, moment, person, unit))
    click.echo(_json(found) if as_json else "\n".join([*map(_line, found), f"{len(found)} authorisations"]))


async def _found(store: str, moment: int, person: str | None, unit: str | None) -> "list[Authorisation]":
    from felles.access.house import House
    from felles.access.register import Register
    from felles.app import LINES, RULES
    from felles.record.record import Record

    record = await Record.open(store, RULES, lines=LINES)
    try:
        reading = record.store.reading
        return await Register(reading, House(reading)).at(moment, person, unit)
    finally:
        await record.close()


def _line(one: "Authorisation") -> str:
    may = f"reads {len(one.rights.read)}, writes {len(one.rights.create | one.rights.update)} kinds of patient data"
    return f"{one.person}  {one.role}  {one.unit}  {one.code or '-'}  {may}  granted by {one.granted_by or '-'}"


def _json(found: "list[Authorisation]") -> str:
    import orjson

    return orjson.dumps([_plain(one) for one in found], option=orjson.OPT_INDENT_2).decode()


def _plain(one: "Authorisation") -> dict[str, object]:
    rights = one.rights
    return {
        "person": one.person, "role": one.role, "unit": one.unit, "code": one.code, "start": one.start, "end": one.end,
        "version": one.number, "since": one.since, "grantedBy": one.granted_by,
        "read": sorted(rights.read), "create": sorted(rights.create), "update": sorted(rights.update),
        "delete": sorted(rights.delete), "call": sorted(rights.calls), "findsPatients": rights.finds,
    }  # fmt: skip
