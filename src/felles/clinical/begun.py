"""What a section of a note begins with: problems, medicines and the last results, as the record has them now."""

from typing import Any

from felles.clinical.dose import written
from felles.clinical.medication import current, dose_of, name_of, words_of
from felles.record.record import Record

Json = dict[str, Any]
MOST = 40


async def begun(record: Record, patient: str, source: str, language: str) -> str:
    """The lines of a source ("problems", "medicines" or "results"), ready to be edited."""
    if source == "problems":
        found = await record.resources(
            "Condition", [("patient", patient), ("clinical-status", "active"), ("_count", "200")]
        )
        return "\n".join(filter(None, (_said(one.get("code") or {}) for one in found)))
    if source == "medicines":
        return "\n".join(_medicine(one, language) for one in await current(record, patient))
    labs = [("patient", patient), ("category", "laboratory"), ("_sort", "-date"), ("_count", "100")]
    newest: dict[str, Json] = {}
    for one in await record.resources("Observation", labs):
        if one.get("status") in ("final", "amended", "corrected"):
            newest.setdefault(_said(one.get("code") or {}), one)
    return "\n".join(filter(None, (_result(name, one) for name, one in list(newest.items())[:MOST])))


def _said(concept: Json) -> str:
    coded = [one for one in concept.get("coding") or () if one.get("display")]
    code = next((f" ({one['code']})" for one in coded if one.get("code") and "icd" in str(one.get("system", ""))), "")
    return str(concept.get("text") or next((one["display"] for one in coded), "")) + code


def _medicine(one: Json, language: str) -> str:
    dose, words = dose_of(one), words_of(one)
    own = dose is not None and written(dose) == words
    return f"{name_of(one)}: {written(dose, language) if dose is not None and own else words}"


def _result(name: str, one: Json) -> str:
    value = one.get("valueQuantity") or {}
    day = str(one.get("effectiveDateTime", ""))[:10]
    if not name or "value" not in value:
        return ""
    shown = ".".join(reversed(day.split("-")))
    return f"{name} {str(value['value']).replace('.', ',')} {value.get('unit', '')} ({shown})"
