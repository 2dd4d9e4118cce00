"""All functions of the language, registered by importing them."""

from felles.record.fhirpath.functions import (
    boundary,
    conversion,
    existence,
    fhir,
    iteration,
    moment,
    number,
    pattern,
    subset,
    text,
)
from felles.record.fhirpath.functions.registry import FUNCTIONS, Function

__all__ = [
    "FUNCTIONS",
    "Function",
    "boundary",
    "conversion",
    "existence",
    "fhir",
    "iteration",
    "moment",
    "number",
    "pattern",
    "subset",
    "text",
]
