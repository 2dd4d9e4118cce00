"""`felles import`: Bundles, resources and NDJSON, packed or not, into the store."""

from pathlib import Path

import click

from felles.cli.option import base, chosen, run, store_option
from felles.settings import Settings

SMALL = 2 << 20
"""Bytes on disk below which processes of their own do not pay."""


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@store_option
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
@click.option("--anew", is_flag=True, help="Also read what has been imported before.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="Processes that prepare (default: cores less one, at least two)."
)
def imports(paths: tuple[Path, ...], store: str | None, as_json: bool, anew: bool, jobs: int | None) -> None:
    """Import FHIR R4 files and folders: JSON, NDJSON, .gz, .zip.

    Bundles of type transaction go in as a whole or not at all, of everything else each resource for itself. What is
    there already stays as it is. Exit status 0: all went in, 1: something did not or there was nothing, 2: wrong usage.
    """
    from felles.app import LINES, RULES
    from felles.cli.progress import Bar, IntakeWatch
    from felles.record.bulk.loading import load
    from felles.record.bulk.source import KNOWN, sources

    files = sources(paths)
    if not files:
        click.echo(f"nothing to import: no file in these folders ends with {', '.join(sorted(KNOWN))}", err=True)
    total = sum(one.size for one in files)
    settings: Settings = chosen(store)
    count = jobs if jobs else 0 if total < SMALL else None
    with Bar(total, "import") as bar:
        watch = IntakeWatch(bar)
        try:
            at = base(settings)
            run(load(settings.store, files, watch, base=at, rules=RULES, lines=LINES, anew=anew, jobs=count))
        finally:
            bar.close()
            click.echo(watch.said(as_json))
    if watch.tally.failed or not files:
        raise SystemExit(1)
