"""Letter templates: what is written, in each language, and to whom it goes.

A template says which roles it is for (`roles`) and, apart from that, where each receiver is found (`[[receiver]]`).
Both must agree: a template that cannot address a role that it declares is neither activated nor used.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from felles.record.outcome import Issue, Problem

CONTEXTS = frozenset(("Patient", "Appointment", "ServiceRequest", "EpisodeOfCare", "Encounter"))
"""Types of what a letter is about."""
_REFERRED = frozenset(("Appointment", "ServiceRequest", "EpisodeOfCare", "Encounter"))
SOURCES: Mapping[str, frozenset[str]] = {
    "subject": CONTEXTS,
    "gp": CONTEXTS,
    "referrer": _REFERRED,
    "chosen": CONTEXTS,
}
"""Where a receiver is found → for what kinds of letters: the patient (or who answers for a child), the patient's GP,
whoever referred, those that the writer picks."""
ROLES = frozenset(("patient", "gp", "referrer", "copy"))
LANGUAGES = ("nb", "nn", "en")
_COMMON = frozenset(("patient.name", "patient.birth", "unit.name", "unit.phone", "author.name", "date", "text"))
_REFERRAL = frozenset(("referral.received", "referral.reason", "referral.referrer"))
_ASSESSED = frozenset(("referral.deadline",))
_APPOINTMENT = frozenset(("appointment.day", "appointment.time", "appointment.place", "appointment.for"))
FIELDS: Mapping[str, frozenset[str]] = {
    "Patient": _COMMON,
    "Appointment": _COMMON | _APPOINTMENT,
    "ServiceRequest": _COMMON | _REFERRAL,
    "EpisodeOfCare": _COMMON | _REFERRAL | _ASSESSED,
    "Encounter": _COMMON | frozenset(("encounter.start", "encounter.end")),
}
"""What may stand in braces in letters about each type."""
_FIELD = re.compile(r"\{([a-z]+(?:\.[a-z]+)?)\}")
_BRACE = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Wording:
    """Title and text in one language; an empty line parts paragraphs."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Template:
    """`receivers`: role → source. `optional`: roles that a patient may lack (a GP, a referrer)."""

    code: str
    version: int
    about: str
    name: str
    roles: tuple[str, ...]
    receivers: Mapping[str, str]
    words: Mapping[str, Wording]
    optional: frozenset[str] = frozenset()

    def wording(self, language: str) -> Wording:
        """In the language, or in bokmål."""
        return self.words.get(language) or self.words["nb"]


def read(text: str) -> Template:
    """A template from its TOML. Raises Problem 422 that names every place where it says too little or the wrong."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"a letter template is TOML: {error}") from error
    rules = [one for one in _listed(said.get("receiver")) if isinstance(one, dict)]
    words = {name: said[name] for name in LANGUAGES if isinstance(said.get(name), dict)}
    made = Template(
        str(said.get("code", "")),
        said["version"] if isinstance(said.get("version"), int) else 0,
        str(said.get("about", "")),
        str(said.get("name", "")),
        tuple(str(one) for one in _listed(said.get("roles"))),
        {str(one.get("role")): str(one.get("from")) for one in rules},
        {name: Wording(str(one.get("title", "")), str(one.get("body", "")).strip()) for name, one in words.items()},
        frozenset(str(one.get("role")) for one in rules if one.get("optional") is True),
    )
    faults = [*findings(made)] + (["a role has two receiver rules"] if len(rules) != len(made.receivers) else [])
    if faults:
        raise _wrong(*faults)
    return made


def findings(template: Template) -> Iterator[str]:
    """All that keeps a template from being used, in words."""
    if not template.code or template.version < 1 or not template.name:
        yield "a template needs code, name and a version from 1"
    if template.about not in CONTEXTS:
        yield f"`about` must be one of {', '.join(sorted(CONTEXTS))}"
        return
    yield from _addressing(template)
    if "nb" not in template.words:
        yield "the text in bokmål, [nb], is missing"
    for language, wording in template.words.items():
        yield from _wording(template, language, wording)


def _addressing(template: Template) -> Iterator[str]:
    if not template.roles:
        yield "a letter that is for nobody cannot be sent: `roles` is empty"
    for role in sorted(set(template.roles) - ROLES):
        yield f"the role {role} is not known: {', '.join(sorted(ROLES))}"
    for role in template.roles:
        source = template.receivers.get(role)
        if source is None:
            yield f"the template is for {role}, but no [[receiver]] says where that receiver is found"
        elif template.about not in SOURCES.get(source, ()):
            yield f"a receiver {role} cannot be found from {source!r} in a letter about {template.about}"
    for role in sorted(template.receivers.keys() - set(template.roles)):
        yield f"a [[receiver]] addresses {role}, for whom the template is not declared"


def _wording(template: Template, language: str, wording: Wording) -> Iterator[str]:
    if not wording.title or not wording.body:
        yield f"[{language}] needs title and body"
    for text in (wording.title, wording.body):
        for name in sorted(set(_FIELD.findall(text)) - FIELDS[template.about]):
            yield f"[{language}]: {{{name}}} is not known in letters about {template.about}"
        if _BRACE.search(_FIELD.sub("", text)):
            yield f"[{language}]: a brace that is no field"


def filled(text: str, fields: Mapping[str, str]) -> str:
    """The text with its fields. Raises Problem 422 that names what is not known of this patient or case."""
    missing = unknown(text, fields)
    if missing:
        raise _wrong(*(f"the letter says {{{name}}}, which is not known here" for name in missing))
    return _FIELD.sub(lambda found: fields.get(found[1], ""), text)


def unknown(text: str, fields: Mapping[str, str]) -> list[str]:
    """The fields of a text that are not known of this patient or case, by name."""
    return sorted(name for name in set(_FIELD.findall(text)) if not fields.get(name) and name != "text")


@cache
def shipped() -> Mapping[str, Template]:
    """The templates that come with Felles, by code."""
    found = [one for one in (resources.files(__package__) / "data").iterdir() if one.name.endswith(".toml")]
    return {one.code: one for one in (read(file.read_text("utf-8")) for file in found)}


def shipped_text(code: str) -> str:
    """The TOML of a template that comes with Felles; empty for others."""
    found = [one for one in (resources.files(__package__) / "data").iterdir() if one.name.endswith(".toml")]
    texts = (one.read_text("utf-8") for one in found)
    return next((text for text in texts if read(text).code == code), "")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _wrong(*said: str) -> Problem:
    return Problem(422, tuple(Issue("business-rule", one, "Library.content") for one in said))
