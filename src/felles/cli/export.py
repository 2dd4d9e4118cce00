"""`felles export`: every current resource as NDJSON."""

from datetime import UTC, datetime
from pathlib import Path

import click

from felles.cli.option import chosen, run, store_option

NOTE = "Øvingsdata – ikke målte tall"
"""What every export of a demo store says of itself: data for practice, not measured figures."""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@store_option
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only this resource type; may be repeated.")
@click.option("--since", metavar="MOMENT", help="Only what has changed since, e.g. 2026-01-31T12:00:00+01:00.")
@click.option("--gzip", "packed", is_flag=True, help="Pack each file.")
def export(folder: Path, store: str | None, types: tuple[str, ...], since: str | None, packed: bool) -> None:
    """Write the current version of every resource to FOLDER (new or empty): one NDJSON per type and a manifest."""
    from felles.cli.progress import Bar
    from felles.cli.trace import leave_trace
    from felles.demo.resource import TAG
    from felles.record import definition
    from felles.record.bulk.export import Wanted, total
    from felles.record.bulk.export import export as written

    for name in types:
        if not definition.is_resource(name):
            raise click.UsageError(f"{name} is no FHIR R4 resource type")
    wanted = Wanted(types, _micros(since) if since else 0, packed, TAG, NOTE)
    settings = chosen(store)
    address = settings.store
    count = run(total(address))
    leave_trace(settings, "export")
    with Bar(count, "export") as bar:
        counts = run(written(address, folder, wanted, bar.move))
    click.echo(f"{sum(counts.values())} resources of {len(counts)} types in {folder}")


def _micros(since: str) -> int:
    try:
        moment = datetime.fromisoformat(since)
    except ValueError as error:
        raise click.UsageError("--since takes a date or a moment, e.g. 2026-01-31T12:00:00+01:00") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)
