"""A letter on paper: one tagged PDF (PDF/UA-1, ISO 14289-1) of one or many letters, each with its receiver's address in
the window and page numbers of its own. The same letters give the same bytes.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from felles.delivery.case import day
from felles.delivery.letter import FINGERPRINT, fingerprint
from felles.record.outcome import problem

Json = dict[str, Any]
NO_PANGO = 3
"""Exit status of the press where a library of the system is missing."""
PRACTICE = {
    "nb": "Øvingsdata – ikke målte tall",
    "nn": "Øvingsdata – ikkje målte tal",
    "en": "Practice data – not measured figures",
}
_STYLE = """
@font-face { font-family: Letter; src: url(font:inter-latin.woff2); }
@font-face { font-family: LetterMore; src: url(font:inter-latin-ext.woff2); }
@page { size: A4; margin: 25mm 22mm 24mm; font: 8pt Letter, LetterMore; }
@page { @bottom-right { content: counter(page) "/" counter(pages); } @bottom-left { content: string(practice); } }
body { font: 10.5pt/1.5 Letter, LetterMore, sans-serif; color: #111; margin: 0; }
address { font-style: normal; height: 38mm; padding-top: 14mm; line-height: 1.35; }
.from { font-size: 8pt; string-set: practice attr(data-practice); }
.when { text-align: right; }
h1 { font-size: 15pt; line-height: 1.25; margin: 6mm 0 4mm; }
p { margin: 0 0 3.2mm; orphans: 3; widows: 3; }
footer { margin-top: 10mm; }
"""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One letter to one receiver: the signed Composition, its delivery, and the address to write on it."""

    letter: Json
    delivery: Json
    address: tuple[str, ...]


def page(sheet: Sheet, *, practice: bool) -> str:
    """The HTML of one letter. Raises Problem 409 where it is not what was signed."""
    letter = sheet.letter
    told = [one.get("valueString") for one in sheet.delivery.get("extension") or () if one.get("url") == FINGERPRINT]
    if told != [fingerprint(letter)]:
        raise problem(409, "conflict", "this letter is not the one that was signed; it is not printed")
    tongue = str(letter.get("language", "nb"))
    sections = "".join(str((one.get("text") or {}).get("div", "")) for one in letter.get("section") or ())
    signed = (letter.get("author") or [{}])[0].get("display", "")
    told_of = escape(PRACTICE[tongue] if practice else "")
    lines = "<br/>".join(escape(line) for line in (sheet.delivery["recipient"][0].get("display", ""), *sheet.address))
    return (
        f'<article lang="{escape(tongue)}"><p class="from" data-practice="{told_of}">'
        f"{escape(letter['custodian'].get('display', ''))}</p><address>{lines}</address>"
        f'<p class="when">{day(letter["date"])}</p><h1>{escape(letter["title"])}</h1>{sections}'
        f"<footer><p>{escape(signed)}</p></footer></article>"
    )


def document(sheet: Sheet, *, practice: bool) -> str:
    """One letter as an HTML document of its own."""
    title, tongue = escape(sheet.letter["title"]), escape(str(sheet.letter.get("language", "nb")))
    return (
        f'<!DOCTYPE html><html lang="{tongue}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>{page(sheet, practice=practice)}</body></html>"
    )


@dataclass(frozen=True, slots=True)
class Printed:
    """One PDF, and how many pages each of its letters has."""

    pdf: bytes
    pages: tuple[int, ...]


async def pdf(sheets: Sequence[Sheet], *, practice: bool) -> Printed:
    """All letters as one PDF. Raises Problem 409 as `page` does, 500 where this machine cannot make PDFs."""
    return await pressed([document(one, practice=practice) for one in sheets])


async def pressed(documents: Sequence[str]) -> Printed:
    """HTML documents as one tagged PDF (PDF/UA-1), made by a process of its own (`press`). Raises Problem 500 where
    this machine cannot make PDFs."""
    asked = json.dumps(list(documents)).encode()
    press = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "felles.delivery.press"), stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
    )  # fmt: skip
    said, _ = await press.communicate(asked)
    if press.returncode == NO_PANGO:
        told = "PDFs need Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        raise problem(500, "exception", told)
    if press.returncode:
        raise problem(500, "exception", "the PDF could not be made; nothing was sent")
    head, _, body = said.partition(b"\n")
    return Printed(body, tuple(json.loads(head)))
