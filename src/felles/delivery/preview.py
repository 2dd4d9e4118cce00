"""A letter before it is signed: what it will say, who will get it and how, and everything that is missing.

What is signed is what was shown: `seal` is a fingerprint of the words and of every receiver with the channel.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from felles.access.who import Who
from felles.delivery.act import sign
from felles.delivery.case import Case, Order, fields, gather
from felles.delivery.receiver import Receiver, reached
from felles.delivery.stored import template
from felles.delivery.template import Template, filled, unknown
from felles.duties.reading import Outside
from felles.record.outcome import problem
from felles.record.record import Record

GAP = "……"


@dataclass(frozen=True, slots=True)
class Preview:
    """`asked`: fields that the record does not know, `typed`: what was typed for them; `unreached`: roles that the
    letter is for and that nobody has ("" where it reaches nobody at all); `left`: roles left out, with why."""

    template: Template
    case: Case
    title: str
    body: str
    asked: tuple[str, ...]
    to: tuple[Receiver, ...]
    unreached: tuple[str, ...]
    left: Mapping[str, str]
    typed: Mapping[str, str]

    @property
    def whole(self) -> bool:
        """Whether it can be signed."""
        return not self.missing and not self.unreached

    @property
    def missing(self) -> list[str]:
        """Fields that nobody knows yet."""
        return [name for name in self.asked if name not in self.typed]

    @property
    def seal(self) -> str:
        """What was shown, in a word."""
        to = (f"{one.role} {one.to.reference} {one.channel}" for one in self.to)
        said = "\0".join([self.title, self.body, *to, *(f"{role} {why}" for role, why in self.left.items())])
        return hashlib.sha256(said.encode()).hexdigest()[:20]


async def preview(record: Record, order: Order, now: int) -> Preview:
    """A letter as it stands. Only what the record does not know is taken from `order.fields`. Raises Problem 404 for a
    record that is not open, 422 for what cannot be a letter at all."""
    await record.read("Patient", order.patient.partition("/")[2])
    read = Outside(record)
    made = await template(read, order.template)
    bare = await gather(read, replace(order, fields={}))
    if made.about != bare.about["resourceType"]:
        raise problem(422, "business-rule", f"the template {made.code} is for letters about {made.about}")
    wording, known = made.wording(bare.language), fields(bare, now)
    gaps = {name for text in (wording.title, wording.body) for name in unknown(text, known)}
    typed = {name: value.strip() for name, value in order.fields.items() if name in gaps and value.strip()}
    case = replace(bare, order=replace(order, fields=typed))
    values = known | typed
    to, missing = await reached(read, made, case, now)
    shown = dict.fromkeys(gaps, GAP) | {name: value for name, value in values.items() if value}
    return Preview(
        made, case, filled(wording.title, shown), filled(wording.body, shown), tuple(sorted(gaps)), tuple(to),
        tuple(role for _, role in missing), {role: why for role, why in order.without.items() if why.strip()}, typed,
    )  # fmt: skip


async def sign_seen(record: Record, who: Who, order: Order, seal: str, now: int) -> str:
    """Signs the letter that was shown. Returns the Composition's id. Raises Problem 412 where it has become another one
    since, else as `act.sign`."""
    seen = await preview(record, order, now)
    if seen.whole and seen.seal != seal:
        raise problem(412, "conflict", "the letter is not the one that was shown")
    return await sign(record, who, seen.case.order, now)
