#!/usr/bin/env python3
"""Write docs/reference from the program itself: settings, commands, search parameters. `--check` only compares.

The tests fail when a page is stale, so that nothing of it can be undocumented.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import click

from felles.cli import main as program
from felles.record import definition
from felles.record.definition import SearchParameter
from felles.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
MADE = "<!-- Written by scripts/docs.py (make docs) from the program; change it there. -->"


def settings() -> str:
    """Every setting with its environment variable, kind, value when nobody sets it, and meaning."""
    rows = [
        f"| `{variable(entry)}` | {kind(entry)} | {standard(entry)} | {entry.metadata['help']} |"
        for entry in fields(Settings)
    ]
    head = ["| Variable | Kind | If unset | Meaning |", "|---|---|---|---|"]
    said = "Felles reads its settings from the environment once, at start. A flag of a command wins over its variable."
    return page("Settings", [said, "", *head, *rows])


def variable(entry: Field[Any]) -> str:
    """The environment variable of a setting."""
    return str(entry.metadata.get("variable") or f"FELLES_{entry.name.upper()}")


def kind(entry: Field[Any]) -> str:
    """The kind of value a setting takes."""
    return {str: "text", int: "whole number", bool: "yes or no"}.get(entry.type, str(entry.type))  # type: ignore[arg-type]


def standard(entry: Field[Any]) -> str:
    """The value of a setting that nobody sets."""
    value = entry.default if entry.default is not MISSING else ""
    return "" if value in ("", None) else f"`{value}`"


def commands() -> str:
    """Every command's own help."""
    top = click.Context(program, info_name="felles", terminal_width=100, **program.context_settings)
    return page("Commands", [line for context in walk(top) for line in helped(context)])


def walk(context: click.Context) -> Iterator[click.Context]:
    """A command and all below it."""
    yield context
    command = context.command
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield from walk(click.Context(inner, parent=context, info_name=name, **inner.context_settings))


def helped(context: click.Context) -> list[str]:
    """One command's section."""
    return [f"## {context.command_path.partition(' [')[0]}", "", "```", context.get_help().rstrip(), "```", ""]


def search_parameters() -> str:
    """Every search parameter of every resource type, those that all types share once."""
    common = set(definition.search_parameters("Bundle")) & set(definition.search_parameters("Observation"))
    common = {code for code in common if code.startswith("_")}
    shared = [definition.search_parameters("Observation")[code] for code in sorted(common)]
    lines = ["What each parameter reads is its FHIRPath expression in R4 4.0.1.", "", *table("Every type", shared)]
    for name in definition.RESOURCE_TYPES:
        own = [entry for code, entry in sorted(definition.search_parameters(name).items()) if code not in common]
        lines += table(name, [entry for entry in own if reads(entry)])
    return page("Search parameters", lines)


def reads(entry: SearchParameter) -> bool:
    """Whether the standard says what a parameter reads."""
    return bool(entry.expression or entry.components)


def table(title: str, entries: list[SearchParameter]) -> list[str]:
    """One type's parameters."""
    rows = [f"| `{entry.code}` | {entry.type} | {source(entry)} |" for entry in entries if reads(entry)]
    return [f"## {title}", "", "| Parameter | Type | Reads |", "|---|---|---|", *rows, ""] if rows else []


def source(entry: SearchParameter) -> str:
    """What a parameter reads, safe inside a table."""
    text = entry.expression or " and ".join(part for _, part in entry.components)
    return f"`{text}`".replace("|", "\\|")


def page(title: str, lines: list[str]) -> str:
    """A page of the reference."""
    return "\n".join([f"# {title}", "", MADE, "", *lines]).rstrip() + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "commands.md": commands,
    "search-parameters.md": search_parameters,
}


def stale() -> list[str]:
    """The pages that no longer say what the program does."""
    return [name for name, write in PAGES.items() if not same(REFERENCE / name, write())]


def same(place: Path, text: str) -> bool:
    """Whether a file holds just this text."""
    return place.exists() and place.read_text(encoding="utf-8") == text


def main(arguments: list[str]) -> int:
    """Write what is stale, or with --check only name it (exit status 1)."""
    found = stale()
    if "--check" in arguments:
        print("\n".join(f"docs/reference/{name} is stale: make docs" for name in found) or "docs: current")
        return 1 if found else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in found:
        (REFERENCE / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"docs: wrote docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
