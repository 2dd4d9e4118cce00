"""A bar with rate and time left on a terminal; silence elsewhere. Faults go to standard error as they are found."""

import json
import sys
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from felles.record.bulk.fault import Fault
from felles.record.bulk.intake import Tally

SHOWN = 200
"""Faults that are printed; the rest are counted."""


class Bar:
    """A bar over `total` units; `said` stands beside it."""

    def __init__(self, total: float | None, what: str) -> None:
        console = Console(stderr=True)
        columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[said]}"))
        self._progress = Progress(
            *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty()
        )
        self._task = self._progress.add_task(what, total=total, said="")

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._progress.stop()

    def move(self, by: float, said: str = "") -> None:
        self._progress.update(self._task, advance=by, said=said)

    def reach(self, share: float, said: str = "") -> None:
        self._progress.update(self._task, completed=share, said=said)

    def print(self, line: str) -> None:
        if self._progress.disable:
            click.echo(line, err=True)
        else:
            self._progress.console.print(line, markup=False, highlight=False)

    @property
    def seconds(self) -> float:
        return self._progress.tasks[0].elapsed or 0.001


class IntakeWatch:
    """Shows an import's progress and its faults."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._faults = 0
        self.tally = Tally()

    def begun(self, tally: Tally) -> None:
        self.tally = tally

    def said(self, as_json: bool) -> str:
        """The last line: what became of the resources."""
        tally = self.tally
        if as_json:
            return json.dumps(tally.plain())
        return (
            f"{tally.read} read: {tally.created} created, {tally.updated} updated, {tally.unchanged} unchanged, "
            f"{tally.failed} failed, in {tally.seconds:.1f} s"
        )

    def moved(self, size: int, tally: Tally) -> None:
        self._bar.move(size, f"{tally.read:,} resources, {tally.read / self._bar.seconds:,.0f}/s")

    def faulty(self, fault: Fault) -> None:
        self._faults += 1
        if self._faults <= SHOWN:
            self._bar.print(str(fault))
        elif self._faults == SHOWN + 1:
            self._bar.print("more faults are counted, but not shown")
