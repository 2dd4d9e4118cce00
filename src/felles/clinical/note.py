"""Notes (journalnotater): drafts that are never lost, written by several at once without locks, signed into a version.

A draft is rows outside the resources; each section has a version of its own. Who saves over what another has written
meanwhile gets both texts merged and is told. Signing makes a Composition (composition.html) and ends the draft in one
transaction.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from felles.access.consent import instant
from felles.access.who import Who
from felles.clinical.act import LEAST, commit, staff, whole
from felles.clinical.begun import begun
from felles.clinical.merge import merged
from felles.clinical.vitals import LOINC
from felles.delivery.letter import narrative
from felles.record.index.value import key64
from felles.record.outcome import Problem, problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Put
from felles.record.store import Line, Sql

LONGEST = 40_000
"""Characters of a section."""
TRIES = 8
REASON = "urn:felles:withdrawn"
"""Extension of a Composition that was written in the wrong record, or by mistake: why."""
NOTE = "urn:felles:note"
Json = dict[str, Any]

_SECTIONS = "note, place, version, title, body, author, changed"
LINES: Mapping[str, Sql] = {
    "note begin": Sql("INSERT INTO note VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
    "note section": Sql(f"INSERT INTO note_section ({_SECTIONS}) VALUES ($1, $2, 1, $3, $4, $5, $6)"),  # noqa: S608
    "note save": Sql(
        "UPDATE note_section SET body = $4, version = version + 1, author = $5, changed = $6 "
        "WHERE note = $1 AND place = $2 AND version = $3"
    ),
    "note stands": Sql("UPDATE note_section SET version = version WHERE note = $1 AND place = $2 AND version = $3"),
    "note gone": Sql("DELETE FROM note WHERE id = $1"),
    "note sections gone": Sql("DELETE FROM note_section WHERE note = $1"),
    "note of": Sql("SELECT id, subject, unit, author, template, about, created FROM note WHERE id = $1"),
    "note sections": Sql(f"SELECT {_SECTIONS} FROM note_section WHERE note = $1 ORDER BY place"),  # noqa: S608
    "notes of": Sql(
        "SELECT id, subject, unit, author, template, about, created FROM note WHERE patient = $1 ORDER BY created, id"
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A section as a kind of note has it: its title by language, and what of the record it begins with."""

    titles: Mapping[str, str]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of note."""

    code: str
    loinc: str
    names: Mapping[str, str]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a draft. `author` "PractitionerRole/x" saved it last, at `changed` (microseconds)."""

    place: int
    version: int
    title: str
    text: str
    author: str
    changed: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A note that is being written. `about` is the Composition that it adds to, or empty."""

    id: str
    patient: str
    unit: str
    author: str
    template: Template
    about: str
    created: int
    sections: tuple[Section, ...]

    @property
    def versions(self) -> dict[int, int]:
        """Place → version."""
        return {one.place: one.version for one in self.sections}


@dataclass(frozen=True, slots=True)
class Saved:
    """A section after a save. `others`: another has written meanwhile, and `text` is both; `both`: at one place both
    texts stand one after the other."""

    section: Section
    others: bool = False
    both: bool = False


@cache
def templates() -> Mapping[str, Template]:
    """The kinds of notes, by code."""
    read = tomllib.loads((resources.files(__package__) / "data" / "notes.toml").read_text("utf-8"))
    made = {}
    for row in read["note"]:
        parts = tuple(Part({name: one[name] for name in LANGUAGES}, one.get("from", "")) for one in row["sections"])
        made[row["code"]] = Template(row["code"], row["loinc"], {name: row[name] for name in LANGUAGES}, parts)
    return made


LANGUAGES = ("nb", "nn", "en")


async def begin(
    record: Record, who: Who, patient: str, code: str, now: int, about: str = "", language: str = "nb"
) -> str:
    """Begins a draft, its sections filled from the record where the kind says so. Returns its id. Raises Problem 403
    for who is no staff, 404 for a kind that there is not, 422 for a record that was merged."""
    role, template = staff(who), templates().get(code)
    if template is None:
        raise problem(404, "not-found", "there is no such kind of note")
    if about:
        held = await record.resource("Composition", about.partition("/")[2])
        if (held.get("subject") or {}).get("reference") != patient or held.get("status") == "entered-in-error":
            raise problem(422, "business-rule", "this note cannot be added to", "Composition.relatesTo")
    await whole(record, patient)  # notes are written of the dead too
    id, unit = new_id(), who.role.unit if who.role else ""
    texts = [await begun(record, patient, one.source, language) if one.source else "" for one in template.parts]
    lines = [Line("note begin", [id, key64(patient), patient, unit, role, code, about, now], 1)]
    lines += [
        Line("note section", [id, place, one.titles[language], texts[place], role, now], 1)
        for place, one in enumerate(template.parts)
    ]
    await record.commit([], lines=lines)
    return id


def _draft(row: Sequence[Any], sections: Sequence[Sequence[Any]]) -> Draft:
    id, subject, unit, author, code, about, created = row
    made = tuple(Section(place, version, title, text, by, at) for _, place, version, title, text, by, at in sections)
    return Draft(id, subject, unit, author, templates()[code], about, created, made)


async def drafts(record: Record, who: Who, patient: str) -> list[Draft]:
    """The drafts of a patient that one may write on: those of the unit in which one works, and one's own."""
    role = staff(who)
    rows = await record.ask("notes of", [key64(patient)])
    mine = [row for row in rows if row[3] == role or (who.role is not None and row[2] == who.role.unit)]
    return [_draft(row, await record.ask("note sections", [row[0]])) for row in mine]


async def draft(record: Record, who: Who, patient: str, id: str) -> Draft:
    """One of them. Raises Problem 404 for what is no draft of this patient, or another unit's; 403 or 404 where the
    patient's record is not open to the reader (any more)."""
    role = staff(who)
    await record.resource("Patient", patient.partition("/")[2])
    rows = [row for row in await record.ask("note of", [id]) if row[1] == patient]
    if not rows or (rows[0][3] != role and (who.role is None or rows[0][2] != who.role.unit)):
        raise problem(404, "not-found", "there is no such draft: it may have been signed")
    return _draft(rows[0], await record.ask("note sections", [id]))


async def save(
    record: Record, who: Who, patient: str, id: str, place: int, version: int, base: str, text: str, now: int
) -> Saved:
    """Saves a section that was written on from `base`, its text at `version`. Where others have saved meanwhile, both
    texts are merged and nothing of either is lost. Raises Problem 404 for a draft that is gone, 422 for too long a
    text."""
    role = staff(who)
    clean, base = text.replace("\r\n", "\n"), base.replace("\r\n", "\n")
    if len(clean) > LONGEST:
        raise problem(422, "too-long", f"a section holds at most {LONGEST} characters", "Composition.section.text")
    others = both = False
    for _ in range(TRIES):
        held = await draft(record, who, patient, id)
        section = next((one for one in held.sections if one.place == place), None)
        if section is None:
            raise problem(404, "not-found", "there is no such section")
        if section.version != version and section.text != base:
            found = merged(base, section.text, clean)
            others, both = True, found.both
            wanted = found.text
        else:
            wanted = clean
        if wanted == section.text:
            return Saved(section, others, both)
        try:
            await record.commit([], lines=[Line("note save", [id, place, section.version, wanted, role, now], 1)])
        except Problem as error:
            if error.status != 409:
                raise
            continue
        return Saved(Section(place, section.version + 1, section.title, wanted, role, now), others, both)
    raise problem(409, "conflict", "many write here at this moment; save again")


async def discard(record: Record, who: Who, patient: str, id: str) -> None:
    """Throws a draft away. Raises Problem 403 for another's."""
    held = await draft(record, who, patient, id)
    if held.author != staff(who):
        raise problem(403, "forbidden", "only who began a note throws it away")
    await record.commit([], lines=_gone(id))


def _gone(id: str) -> list[Line]:
    return [Line("note sections gone", [id]), Line("note gone", [id], 1)]


async def sign(record: Record, who: Who, patient: str, id: str, versions: Mapping[int, int], now: int) -> str:
    """Signs a draft as it was shown (`versions`, by place). Returns the Composition's id. Raises Problem 409 where
    others have written since, 422 for a note that says nothing."""
    role, held = staff(who), await draft(record, who, patient, id)
    if held.versions != dict(versions):
        raise problem(409, "conflict", "others have written since this was shown: look at it as it is now")
    if not any(one.text.strip() for one in held.sections):
        raise problem(422, "required", "the note says nothing", "Composition.section")
    made = _composition(held, role, now)
    stands = [Line("note stands", [id, place, version], 1) for place, version in sorted(versions.items())]
    await commit(record, [Put(made)], [], lines=[*stands, *_gone(id)])
    return str(made["id"])


def _composition(held: Draft, role: str, now: int) -> Json:
    writers = dict.fromkeys([role, *(one.author for one in held.sections if one.text.strip())])
    template = held.template
    return {
        "resourceType": "Composition", "id": new_id(), "status": "final",
        "type": {
            "coding": [{"system": LOINC, "code": template.loinc}, {"system": NOTE, "code": template.code}],
            "text": template.names["nb"],
        },
        "subject": {"reference": held.patient}, "date": instant(now), "title": template.names["nb"],
        "author": [{"reference": one} for one in writers], "custodian": {"reference": held.unit},
        "attester": [{"mode": "professional", "time": instant(now), "party": {"reference": role}}],
        "section": [
            {"title": one.title, "text": {"status": "generated", "div": narrative(one.text)}}
            for one in held.sections if one.text.strip()
        ],
        **({"relatesTo": [{"code": "appends", "targetReference": {"reference": held.about}}]} if held.about else {}),
    }  # fmt: skip


async def countersign(record: Record, who: Who, id: str, version: int, now: int) -> None:
    """Signs another's note as well. Raises Problem 409 where it has changed, 422 for one's own or one that is not
    final."""
    role = staff(who)
    held = await _standing(record, id, version)
    known = {str((one.get("party") or {}).get("reference")) for one in held.get("attester") or ()}
    if role in known or held["status"] not in ("final", "amended"):
        raise problem(422, "business-rule", "this note has your signature already, or is not signed yet")
    mine = {"mode": "official", "time": instant(now), "party": {"reference": role}}
    await commit(record, [Put({**held, "attester": [*(held.get("attester") or ()), mine]})], [(held, version)])


async def withdraw(record: Record, who: Who, id: str, version: int, reason: str) -> None:
    """Says that a note was written in the wrong record, or by mistake; the versions keep it. Raises Problem 403 for
    another's, 409 where it has changed, 422 without a reason."""
    role = staff(who)
    if len(reason.strip()) < LEAST:
        raise problem(422, "required", "say why it is withdrawn", "Composition.status")
    held = await _standing(record, id, version)
    if role not in {str(one.get("reference")) for one in held.get("author") or ()}:
        raise problem(403, "forbidden", "only who wrote a note withdraws it")
    told = {"url": REASON, "valueString": reason.strip()}
    made = {**held, "status": "entered-in-error", "extension": [*(held.get("extension") or ()), told]}
    await commit(record, [Put(made)], [(held, version)])


async def _standing(record: Record, id: str, version: int) -> Json:
    held = await record.resource("Composition", id)
    if int(held["meta"]["versionId"]) != version:
        raise problem(409, "conflict", "others have changed this meanwhile; look at it as it is now")
    return held
