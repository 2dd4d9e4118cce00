"""The letters of a unit: what it has sent and not brought through, and what has come to it and nobody has opened. As
many as the ledger counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.delivery import outbox, run
from felles.delivery.act import read_letter
from felles.delivery.channel import Channel
from felles.delivery.letter import channel_of, state_of
from felles.delivery.outbox import Narrowed, Open
from felles.delivery.recovery import Still
from felles.delivery.state import TERMINAL, State
from felles.delivery.stored import templates
from felles.duties.calendar import NORWAY
from felles.duties.listing import units_of
from felles.duties.reading import Outside
from felles.web.chart.moment import parse_moment
from felles.web.chart.text import narrative_lines
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of, unit_names
from felles.web.guard import guarded
from felles.web.label import deadline, moment, patient_labels
from felles.web.letter_words import CHANNELS, STATES, STILL, standing
from felles.web.page import answer
from felles.web.place import Place, works
from felles.web.visit import Visit

HERE = "/letters"
SHOWN = 100
BOXES = {"out": N_("Ikke kommet fram"), "in": N_("Å lese")}
GONE = "gone"
"""Whatever no longer matters, for whichever reason."""


def posts(visit: Visit) -> bool:
    """Staff whose role writes letters."""
    return works(visit) and visit.writes("Composition")


posting = guarded(posts)


@dataclass(frozen=True, slots=True)
class Question:
    """What an address or a form asks for. `still`: a `Still`, or GONE."""

    unit: str
    box: str
    narrowed: Narrowed
    older: int
    still: str

    def query(self, **other: str) -> str:
        """As an address says it."""
        one = self.narrowed
        said = {
            "unit": self.unit.partition("/")[2], "box": self.box, "template": one.template, "state": one.state,
            "channel": one.channel, "older": str(self.older or ""), "still": self.still,
        }  # fmt: skip
        return urlencode({name: value for name, value in (said | other).items() if value})


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as people read it."""

    id: str
    version: str
    patient: str
    href: str
    title: str
    to: str
    channel: str
    state: str
    since: str
    due: str
    late: bool
    still: str


def asked(values: Mapping[str, str], units: Sequence[str], now: int) -> Question:
    """Raises HTTPException 404 for a unit in which one does not work."""
    unit = f"Organization/{values['unit']}" if values.get("unit") else next(iter(units), "")
    if unit not in units:
        raise HTTPException(404)
    older = int(values["older"]) if values.get("older", "").isdigit() and len(values["older"]) < 4 else 0
    before = NORWAY.moment(NORWAY.day(now) - timedelta(days=older)) if older else 0
    box = "in" if values.get("box") == "in" else "out"
    narrowed = Narrowed(
        values.get("template", ""),
        values.get("state", "") if values.get("state") in set(State) else "",
        values.get("channel", "") if values.get("channel") in set(Channel) else "",
        before,
    )
    still = values.get("still", "") if values.get("still") in {*Still, GONE} else ""
    return Question(unit, box, narrowed, older, still)


async def question_of(request: Request, values: Mapping[str, str]) -> tuple[Question, list[str]]:
    """What is asked for, and the units one works in."""
    sitting = sitting_of(request)
    units = await units_of(sitting.record, sitting.who)
    return asked(values, units, now_of(request)), units


async def chosen(request: Request, question: Question, among: Sequence[Open]) -> list[Open]:
    """Those that are asked for."""
    found = [one for one in among if question.narrowed.takes(one)]
    if not question.still:
        return found
    told = await outbox.looked_through(sitting_of(request).record, found, now_of(request))
    pairs = zip(found, told, strict=True)
    return [one for one, lost in pairs if question.still == (lost.still.value if question.still != GONE else GONE)
            and (question.still != GONE or lost.still is not Still.RELEVANT)]  # fmt: skip


@posting
async def show(request: Request) -> Response:
    """GET /letters"""
    sitting, now = sitting_of(request), now_of(request)
    question, units = await question_of(request, request.query_params)
    out, owed = await outbox.owed(sitting.record, sitting.who, question.unit, now)
    into, unread = await outbox.to_read(sitting.record, sitting.who, question.unit, now)
    found = await chosen(request, question, out if question.box == "out" else into)
    known = {one.code: one.name for one in await templates(Outside(sitting.record))}
    begun = await run.runs_of(sitting.record, sitting.who, now)
    return answer(
        request, "letters-unit.html", question=question, units=await unit_names(request, units), boxes=BOXES,
        counts={"out": owed, "in": unread}, states=Counter(state_of(one.delivery).value for one in out),
        rows=await _rows(request, found[:SHOWN], known, now), found=len(found), templates=known,
        state_words=STATES, channel_words=CHANNELS, still_words=STILL,
        unfinished=[one for one in begun if (await run.progress(sitting.record, one)).left],
        wrong=request.query_params.get("wrong") == "run", terminal=TERMINAL,
    )  # fmt: skip


async def _rows(request: Request, some: Sequence[Open], known: Mapping[str, str], now: int) -> list[Shown]:
    patients = await patient_labels(request, [one.delivery["subject"]["reference"] for one in some if one.shown])
    told = await outbox.looked_through(sitting_of(request).record, some, now)
    return [
        _row(one, patients, known, lost.still, now) for one, lost in zip(some, told, strict=True)
    ]  # fmt: skip


def _row(one: Open, patients: Mapping[str, str], known: Mapping[str, str], still: Still, now: int) -> Shown:
    body, patient = one.delivery, one.delivery["subject"]["reference"]
    label = patients.get(patient, "") if one.shown else ""
    title = known.get(one.template, one.template) if label else ""
    return Shown(
        body["id"], str(body["meta"]["versionId"]), label, f"/{patient.lower()}" if label else "",
        title, str(body["recipient"][0].get("display", "")) if label else "", CHANNELS[channel_of(body)],
        standing(body), moment(one.opened), deadline(one.due), one.due <= now, STILL[still],
    )  # fmt: skip


@posting
async def read(request: Request) -> Response:
    """GET /letters/{id}: a letter to the unit, which is delivered by this."""
    sitting = sitting_of(request)
    one = await read_letter(sitting.record, sitting.who, request.path_params["id"], now_of(request))
    lines = [line for part in one.letter.get("section") or () for line in narrative_lines(part["text"]["div"])]
    labels = await patient_labels(request, [one.letter["subject"]["reference"]])
    day = parse_moment(one.letter.get("date"))
    return answer(
        request, "letter-read.html", title=str(one.letter.get("title", "")), lines=lines, day=day.day if day else "",
        unit=str((one.letter.get("custodian") or {}).get("display", "")), tongue=one.letter.get("language", "nb"),
        signed=str((one.letter.get("author") or [{}])[0].get("display", "")),
        patient=labels.get(one.letter["subject"]["reference"], ""),
        href=f"/{str(one.letter['subject']['reference']).lower()}",
    )  # fmt: skip


PLACES = [Place("inbox", N_("Brev"), HERE, "brev post forsendelser utboks innboks letters mail", posts)]
ROUTES = [Route(HERE, show), Route(f"{HERE}/{{id}}", read)]
