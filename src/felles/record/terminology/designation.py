"""Displays in a language (https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.concept.designation)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from felles.record.terminology.expansion import Concept

_NORWEGIAN = {"nb": ("no", "nn"), "nn": ("no", "nb"), "no": ("nb", "nn")}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")


def is_language(text: str) -> bool:
    """Whether this has the form of a language tag (BCP 47)."""
    return _LANGUAGE.match(text) is not None


def shown(concept: Concept, language: str | None) -> Concept:
    """The concept with its display in the language, or unchanged where it has none; nb, nn and no stand in for each
    other."""
    if language is None or not concept.designations:
        return concept
    for wanted in _accepted(language.lower()):
        if _is(concept.language, wanted):
            return concept
        for designation in concept.designations:
            if _is(designation.get("language"), wanted):
                return replace(concept, display=str(designation.get("value")))
    return concept


def _accepted(language: str) -> Iterator[str]:
    yield language
    primary = language.partition("-")[0]
    yield primary
    yield from _NORWEGIAN.get(primary, ())


def _is(language: Any, wanted: str) -> bool:
    stated = language.lower() if isinstance(language, str) else ""
    return stated == wanted or stated.startswith(f"{wanted}-")
