#!/usr/bin/env python3
"""Bring the language catalogues up to date with the words of the source: `uv run python scripts/catalogues.py`.

New words come in untranslated (a test fails until they are translated), words out of use go.
"""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from felles.access.audit.pattern import REASONS as UNUSUAL
from felles.access.audit.words import DEEDS, ELEVATED, FOUND, GIVEN, OTHER, RECORD, REFUSED, THINGS, UNKNOWN
from felles.access.audit.words import REASONS as GROUNDS
from felles.access.authority import WORDS
from felles.access.emergency import REASONS
from felles.access.oversight import GROUNDS as SPOKEN
from felles.access.title import ABILITIES, NO_PATIENTS, TITLES
from felles.app import RULES as RULES
from felles.clerical.code import tables
from felles.demo import people
from felles.duties.kind import kinds
from felles.rollout.case import aims
from felles.rollout.criterion import criteria
from felles.rollout.exercise import midt
from felles.steering.figure import FIGURES
from felles.web.language import CATALOGUES, LANGUAGES, catalogue_path

WEB = CATALOGUES.parent
METHODS = [
    ("chart/**.py", "python"),
    ("*.py", "python"),
    ("templates/**.html", "jinja2"),
]
OPTIONS = {"templates/**.html": {"extensions": "jinja2.ext.do", "silent": "false"}}
TRIED = 9_000
"""Kinds of duties from here on are those of tests."""
Words = str | tuple[str, ...]


def words_of_source() -> dict[Words, str]:
    """Every word of the pages, of the people on the sign-in page and of emergencies, with the file it stands in."""
    found: dict[Words, str] = {}
    keywords = {**DEFAULT_KEYWORDS, "N_": None}
    for file, _, message, _, _ in extract_from_dir(WEB, METHODS, OPTIONS, keywords):
        found.setdefault(message, Path(file).as_posix())
    for person in people():
        found.setdefault(person.role, "people")
        found.setdefault(person.description, "people")
        if person.group:
            found.setdefault(person.group, "people")
    for kind in (one for one in kinds() if one.number < TRIED):
        found.setdefault(kind.title, "duties")
        if kind.proof:
            found.setdefault(kind.proof, "duties")
    for figure in FIGURES:
        for words in (figure.title, figure.definition, figure.source):
            found.setdefault(words, "steering")
    for criterion in criteria().values():
        found.setdefault(criterion.name, "rollout")
        found.setdefault(criterion.definition, "rollout")
    for aim in aims(midt()):
        found.setdefault(aim.name, "rollout")
    for row in tables()["field"].values():
        found.setdefault(row.nb, "steering")
    for reason in REASONS.values():
        found.setdefault(reason, "emergency")
    for words in (*TITLES.values(), *ABILITIES, NO_PATIENTS, *WORDS.values(), *SPOKEN.values(), *UNUSUAL.values()):
        found.setdefault(words, "register")
    why = (*GROUNDS.values(), FOUND, REFUSED, UNKNOWN, ELEVATED, GIVEN)
    for words in (*THINGS.values(), OTHER, RECORD, *DEEDS.values(), *why):
        found.setdefault(words, "log")
    return found


def updated(language: str) -> Catalog:
    """The catalogue of a language with exactly the words of the source, translations kept."""
    with catalogue_path(language).open("rb") as source:
        old = read_po(source, locale=language)
    new = Catalog(language, project="felles", charset="utf-8", fuzzy=False)
    for words, place in words_of_source().items():
        kept = old.get(words[0] if isinstance(words, tuple) else words)
        new.add(words, kept.string if kept else None, locations=[(place, None)])  # type: ignore[list-item]
    return new


def main() -> None:
    for language in LANGUAGES:
        if language != "nb":
            catalogue = updated(language)
            text = BytesIO()
            write_po(text, catalogue, width=110, sort_output=True)
            lines = text.getvalue().splitlines(keepends=True)
            catalogue_path(language).write_bytes(b"".join(line for line in lines if b"-Date: " not in line))


if __name__ == "__main__":
    main()
