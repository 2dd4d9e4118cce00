"""What letters may be written to a patient: each template, with what it can be about."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from felles.delivery.case import day, words
from felles.delivery.stored import templates
from felles.delivery.template import Template
from felles.duties.reading import Outside
from felles.record.outcome import Problem
from felles.web.chart.moment import parse_moment
from felles.web.duties import sitting_of
from felles.web.referral_letter import Json
from felles.web.source import decode
from felles.web.visit import visit_of

NEWEST: Mapping[str, str] = {"Appointment": "-date", "ServiceRequest": "-authored", "Encounter": "-date"}
"""Besides the patient, what letters by hand are about. What follows from an assessment is written by the assessment."""
MOST = "12"


@dataclass(frozen=True, slots=True)
class Subject:
    """A template about something: `value` names both, `label` tells the second."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A template and what it can be about with this patient, the newest first."""

    template: Template
    subjects: Sequence[Subject]


async def choices(request: Request) -> list[Choice]:
    """Those that can be written now."""
    patient = f"Patient/{request.path_params['id']}"
    known = await templates(Outside(sitting_of(request).record))
    found = dict(zip(NEWEST, await asyncio.gather(*(_newest(request, name) for name in NEWEST)), strict=True))
    made = []
    for one in known:
        about = {patient: ""} if one.about == "Patient" else dict(found.get(one.about, ()))
        made.append(Choice(one, [Subject(f"{one.code} {ref}", label) for ref, label in about.items()]))
    return [one for one in made if one.subjects]


async def _newest(request: Request, name: str) -> list[tuple[str, str]]:
    asked = [("patient", request.path_params["id"]), ("_sort", NEWEST[name]), ("_count", MOST)]
    try:
        found = decode(await visit_of(request).record.search(name, asked))
    except Problem as error:
        if error.status != 403:
            raise
        return []
    return [(f"{name}/{one['id']}", _label(one)) for one in found]


def _label(one: Json) -> str:
    start = parse_moment(one.get("start") or (one.get("period") or {}).get("start"))
    when = start.text if start else day(one.get("authoredOn"))
    coded = [*(one.get("reasonCode") or ()), *(one.get("serviceType") or ()), one.get("code") or {}]
    if isinstance(one.get("serviceType"), dict):
        coded = [one["serviceType"]]
    what = str(one.get("description") or next(filter(None, map(words, coded)), ""))
    return ", ".join(filter(None, (when, what)))
