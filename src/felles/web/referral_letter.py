"""Letters about a referral: those that went, and those that an act will sign, before anybody signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from felles.delivery.channel import Channel
from felles.delivery.letter import ROLE, channel_of, coded, is_delivery, state_of
from felles.delivery.state import State
from felles.record.rule import Put
from felles.web.chart.moment import parse_moment
from felles.web.chart.text import narrative_lines
from felles.web.chart.words import N_
from felles.web.source import Record, decode

Json = dict[str, Any]
ROLES = {
    "patient": N_("pasienten"), "gp": N_("fastlegen"), "referrer": N_("henviseren"), "copy": N_("kopi"),
}  # fmt: skip
CHANNELS = {
    Channel.MAILBOX: N_("digital postkasse"), Channel.PRINT: N_("på papir"), Channel.UNIT: N_("i enhetens liste"),
    Channel.MESSAGE: N_("e-melding; blir stående som oppgave"), Channel.HAND: N_("for hånd"),
}  # fmt: skip
STATES = {
    State.QUEUED: N_("i kø"), State.HANDED: N_("hos kanalen"), State.SENT: N_("sendt"),
    State.DELIVERED: N_("levert"), State.REFUSED: N_("kom i retur"), State.SETTLED: N_("ordnet på annen måte"),
    State.VOID: N_("skal ikke sendes"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class To:
    """One receiver; words in bokmål."""

    name: str
    role: str
    channel: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as people read it; `id` of the Composition."""

    id: str
    title: str
    language: str
    lines: tuple[str, ...]
    to: tuple[To, ...]
    day: str = ""


def drafts(puts: Sequence[Put]) -> list[Letter]:
    """What is going to be signed."""
    made = [one.resource for one in puts]
    return _letters([one for one in made if one["resourceType"] == "Composition"], made)


async def sent(record: Record, about: Sequence[str]) -> list[Letter]:
    """The letters about some resources, "Type/id", the newest first."""
    asked = [("based-on", ",".join(about)), ("_include", "Communication:part-of"), ("_count", "100")]
    found = await record.search("Communication", asked)
    bodies = [*decode(found), *(one for one in decode(_Included(found.included)))]
    letters = [one for one in bodies if one["resourceType"] == "Composition"]
    letters.sort(key=lambda one: str(one.get("date")), reverse=True)
    return _letters(letters, [one for one in bodies if is_delivery(one)])


@dataclass(frozen=True, slots=True)
class _Included:
    matches: Sequence[Any]
    included: Sequence[Any] = ()


def _letters(letters: Sequence[Json], others: Sequence[Json]) -> list[Letter]:
    return [_letter(one, [each for each in others if is_delivery(each) and _is_of(each, one)]) for one in letters]


def _is_of(delivery: Json, letter: Json) -> bool:
    return any(one.get("reference") == f"Composition/{letter['id']}" for one in delivery.get("partOf") or ())


def _letter(letter: Json, deliveries: Sequence[Json]) -> Letter:
    lines = [line for one in letter.get("section") or () for line in narrative_lines((one.get("text") or {})["div"])]
    day = parse_moment(letter.get("date"))
    return Letter(
        str(letter["id"]), str(letter.get("title")), str(letter.get("language", "nb")), tuple(lines),
        tuple(_to(one) for one in deliveries), day.day if day else "",
    )  # fmt: skip


def _to(delivery: Json) -> To:
    name = next((str(one.get("display", "")) for one in delivery.get("recipient") or ()), "")
    role = ROLES.get(coded(delivery.get("category"), ROLE), "")
    return To(name, role, CHANNELS[channel_of(delivery)], STATES[state_of(delivery)])
