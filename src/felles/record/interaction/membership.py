"""The codes that a $validate-code asks about, and the answer for them together
(https://hl7.org/fhir/R4/valueset-operation-validate-code.html)."""

from dataclasses import dataclass
from typing import Any

from felles.record import terminology
from felles.record.interaction.argument import Parameters, structure, text
from felles.record.outcome import problem
from felles.record.terminology import Source


@dataclass(frozen=True, slots=True)
class Asked:
    """One code, its system where that is given, and the display to check."""

    code: str
    system: str | None
    display: str | None


def asked_codes(parameters: Parameters, system: str | None = None) -> list[Asked]:
    """From `code`, `coding` or `codeableConcept`; `system` is what the address says. Raises Problem 400."""
    coding, concept, code = structure(parameters, "coding"), structure(parameters, "codeableConcept"), None
    if (code := text(parameters, "code")) is not None:
        found = [Asked(code, system or text(parameters, "system"), text(parameters, "display"))]
    else:
        codings = concept.get("coding", []) if concept else [coding] if coding else []
        found = [_of_coding(one, system) for one in codings if isinstance(one, dict) and one.get("code")]
    if not found:
        raise problem(400, "required", "code (with system), coding or codeableConcept says what to validate", "code")
    return found


def _of_coding(coding: dict[str, Any], system: str | None) -> Asked:
    stated = coding.get("system")
    if system is not None and stated not in (None, system):
        raise problem(400, "invalid", "the coding is of another code system", "coding")
    return Asked(str(coding["code"]), system or stated, coding.get("display"))


def first_member(
    source: Source,
    asked: list[Asked],
    language: str | None,
    *,
    url: str | None = None,
    value_set: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The answer for the first code that belongs; for the last one where none does."""
    answer: dict[str, Any] = {}
    for one in asked:
        answer = terminology.validate_code(
            source,
            url=url,
            value_set=value_set,
            system=one.system,
            code=one.code,
            display=one.display,
            language=language,
        )
        if answer["parameter"][0]["valueBoolean"]:
            break
    return answer
