"""Run a measurement: `python -m bench NAME [--json] [--quick]`, or all of them without a name.

With --json the last thing on standard output is one object; its `figures` is a list of
{name, engine, value, unit, raw, ratio}. Progress goes to standard error. --quick uses smaller sizes, stated in the
report, and ends within 40 s.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import click

from bench.figure import Figure, Report

DEFINED = "def " + "measure("


def names() -> list[str]:
    """The measurements there are: the modules and packages of this folder that define `measure`."""
    here = Path(__file__).parent
    modules = {path.stem: path for path in here.glob("*.py")}
    modules |= {path.parent.name: path for path in here.glob("*/__init__.py")}
    return sorted(name for name, path in modules.items() if DEFINED in path.read_text(encoding="utf-8"))


def run(name: str, quick: bool) -> Report:
    """Call `measure(quick)` of a measurement: it gives (figures, what a reader must know of the run)."""
    figures, about = importlib.import_module(f"bench.{name}").measure(quick)
    return Report(name, quick, figures, about)


def line(figure: Figure) -> str:
    """One figure as a line of a table."""
    limit = "" if figure.raw is None else f"raw {figure.raw:,.2f}"
    share = "" if figure.ratio is None else f"ratio {figure.ratio:.2f}"
    spread = "" if figure.spread is None else f"({figure.spread[0]:.2f}-{figure.spread[1]:.2f})"
    value = f"{figure.value:>12,.2f} {figure.unit:<14}"
    return f"{figure.name:<28} {figure.engine:<11} {value} {limit:<18} {share} {spread} {figure.note}".rstrip()


def table(report: Report) -> str:
    """A report as it stands in docs/performance.md."""
    said = report.plain()
    machine = said["machine"]
    lines = [
        f"Measured {said['at'][:10]} on {machine['cores']} cores ({machine['processor']}), {machine['memory']} GiB, "
        f"Python {machine['python']}: {', '.join(f'{name} {value}' for name, value in report.about.items())}.",
        "",
        "| figure | engine | value | raw engine | ratio (lowest to highest) | how |",
        "|---|---|--:|--:|--:|---|",
    ]
    return "\n".join([*lines, *(row(figure) for figure in report.figures)])


def row(figure: Figure) -> str:
    """A figure as a row of a Markdown table."""
    raw = "" if figure.raw is None else f"{figure.raw:,.0f}"
    spread = "" if figure.spread is None else f" ({figure.spread[0]:.2f} to {figure.spread[1]:.2f})"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}{spread}"
    value = f"{figure.value:,.0f}" if figure.value >= 100 else f"{figure.value:.2f}"
    return f"| {figure.name} | {figure.engine} | {value} {figure.unit} | {raw} | {ratio} | {figure.note} |"


@click.command()
@click.argument("name", required=False)
@click.option("--table", "as_table", is_flag=True, help="Print a Markdown table, as in docs/performance.md.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--quick", is_flag=True, help="Smaller sizes; ends within 40 s.")
def main(name: str | None, as_table: bool, as_json: bool, quick: bool) -> None:
    """Measure, and print what was measured."""
    if name is not None and name not in names():
        raise click.BadParameter(f"{name}: there are {', '.join(names()) or 'none'}")
    for wanted in [name] if name else names():
        report = run(wanted, quick)
        if as_table:
            click.echo(table(report))
        elif as_json:
            click.echo(json.dumps(report.plain(), ensure_ascii=False))
        else:
            click.echo("\n".join(line(figure) for figure in report.figures))


if __name__ == "__main__":
    sys.exit(main())
