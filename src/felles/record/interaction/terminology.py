"""$expand, $validate-code, $lookup and $subsumes (https://hl7.org/fhir/R4/terminology-service.html).

Over the code systems and value sets of R4 and those that are stored here, of which the newest counts.
"""

from collections.abc import Callable
from typing import Any

from felles.record import terminology
from felles.record.canonical import newest
from felles.record.interaction.argument import Parameters, first, flag, known, structure, text, whole
from felles.record.interaction.membership import asked_codes, first_member
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response, render
from felles.record.terminology import NotExpandable, Source
from felles.record.terminology.designation import is_language

Answer = dict[str, Any]
_CODED = ("code", "display", "coding", "codeableConcept", "displayLanguage")
_MOST = 1_000_000


async def expand(record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters) -> Response:
    """ValueSet/$expand (https://hl7.org/fhir/R4/valueset-operation-expand.html)."""
    names = (
        *("url", "valueSet", "filter", "count", "offset"),
        *("activeOnly", "includeDesignations", "displayLanguage"),
    )
    given, _ = await _subject(record, "valueSet", "ValueSet", id, parameters, names, "$expand")
    url, language = text(parameters, "url"), _language(parameters)

    def work(source: Source) -> Answer:
        return terminology.expand(
            source,
            url,
            value_set=given,
            filter=text(parameters, "filter") or "",
            count=whole(parameters, "count", 0, _MOST),
            offset=whole(parameters, "offset", 0, _MOST) or 0,
            active_only=flag(parameters, "activeOnly"),
            designations=flag(parameters, "includeDesignations"),
            language=language,
        )

    return await _answered(record, work)


async def validate_in_set(
    record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters
) -> Response:
    """ValueSet/$validate-code (https://hl7.org/fhir/R4/valueset-operation-validate-code.html)."""
    names = ("url", "valueSet", "system", *_CODED)
    given, _ = await _subject(record, "valueSet", "ValueSet", id, parameters, names, "$validate-code")
    url, language, asked = text(parameters, "url"), _language(parameters), asked_codes(parameters)
    if given is None and url is None:
        raise problem(400, "required", "url says which value set to use", "url")
    return await _answered(record, lambda source: first_member(source, asked, language, url=url, value_set=given))


async def validate_in_system(
    record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters
) -> Response:
    """CodeSystem/$validate-code (https://hl7.org/fhir/R4/codesystem-operation-validate-code.html)."""
    names = ("url", "codeSystem", *_CODED)
    given, url = await _subject(record, "codeSystem", "CodeSystem", id, parameters, names, "$validate-code")
    language = _language(parameters)
    asked = asked_codes(parameters, url or text(parameters, "url"))
    return await _answered(record, lambda source: first_member(source, asked, language), given)


async def lookup(record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters) -> Response:
    """CodeSystem/$lookup (https://hl7.org/fhir/R4/codesystem-operation-lookup.html)."""
    known(parameters, ("code", "system", "coding", "displayLanguage", "property"), "$lookup")
    coding = structure(parameters, "coding") or {}
    system = text(parameters, "system") or coding.get("system")
    code, language = text(parameters, "code") or coding.get("code"), _language(parameters)
    wanted = [str(name) for name in parameters.get("property", ())]
    return await _answered(
        record, lambda source: terminology.lookup(source, system, code, language=language, wanted=wanted)
    )


async def subsumes(
    record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters
) -> Response:
    """CodeSystem/$subsumes (https://hl7.org/fhir/R4/codesystem-operation-subsumes.html)."""
    names = ("codeA", "codeB", "system", "codingA", "codingB")
    given, url = await _subject(record, "", "CodeSystem", id, parameters, names, "$subsumes")
    one, other = structure(parameters, "codingA") or {}, structure(parameters, "codingB") or {}
    systems = {found for found in (url, text(parameters, "system"), one.get("system"), other.get("system")) if found}
    if len(systems) > 1:
        raise problem(400, "invalid", "both codes are of one code system", "system")
    system = next(iter(systems), None)
    codes = text(parameters, "codeA") or one.get("code"), text(parameters, "codeB") or other.get("code")
    return await _answered(record, lambda source: terminology.subsumes(source, system, *codes), given)


async def _subject(
    record: Record,
    parameter: str,
    type_name: str,
    id: str | None,
    parameters: Parameters,
    names: tuple[str, ...],
    operation: str,
) -> tuple[Answer | None, str | None]:
    """The value set or code system that was sent or is at this address, and its url."""
    sent = parameters.pop("resource", None)
    if sent is not None and parameter:
        parameters[parameter] = sent
    known(parameters, names, operation)
    given = await record.resource(type_name, id) if id is not None else first(parameters, parameter)
    if given is None:
        return None, None
    if not isinstance(given, dict) or given.get("resourceType") != type_name:
        raise problem(400, "invalid", f"{parameter} is a {type_name}", parameter)
    return given, str(given.get("url", "")) or None


def _language(parameters: Parameters) -> str | None:
    language = text(parameters, "displayLanguage")
    if language is not None and not is_language(language):
        raise problem(400, "value", "displayLanguage is a language tag such as nb or en-GB", "displayLanguage")
    return language


async def _answered(record: Record, work: Callable[[Source], Answer], given: Answer | None = None) -> Response:
    """The answer of an operation. Of the code system `given` no stored one is looked for."""
    try:
        return render(await terminology.resolved(work, newest(record.reader, given), long=True))
    except NotExpandable as reason:
        raise problem(422, reason.code, str(reason)) from reason
