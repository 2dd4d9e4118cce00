"""`felles demo`: the made-up region."""

from datetime import date, datetime

import click

from felles.cli.option import base, chosen, run, store_option


@click.command()
@store_option
@click.option(
    "--patients",
    type=click.IntRange(1),
    default=2_000,
    show_default=True,
    help="How many people; the dense units need 650.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another number makes another region.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day that everything is relative to.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
def demo(store: str | None, patients: int, seed: int, today: datetime | None, as_json: bool) -> None:
    """Fill an empty store with a made-up region. The same arguments give the same resources."""
    from felles.app import LINES, RULES
    from felles.cli.progress import Bar, IntakeWatch
    from felles.demo import region
    from felles.record.bulk.generation import drawn, mark
    from felles.record.bulk.loading import take
    from felles.record.store import Origin

    settings = chosen(store)
    run(mark(settings.store))
    day = today.date() if today else date.today()
    with Bar(None, "demo") as bar:
        pieces = drawn(region(patients, seed, day))
        watch = IntakeWatch(bar)
        run(take(settings.store, pieces, watch, base=base(settings), rules=RULES, lines=LINES, origin=Origin.DEMO))
    click.echo(watch.said(as_json))
    if watch.tally.failed:
        raise SystemExit(1)
