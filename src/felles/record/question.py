"""Search parameters read where value sets and code systems are at hand, those of R4 and those stored.

For :in, :not-in, :above and :below (https://hl7.org/fhir/R4/search.html#modifiers); all else is read at once.
"""

import re
from collections.abc import Iterable, Sequence
from functools import partial

from felles.record import search, terminology
from felles.record.canonical import newest
from felles.record.outcome import problem
from felles.record.search import Query
from felles.record.store.transaction import Reading
from felles.record.terminology import NotExpandable, Source

_CODED = re.compile(r":(?:in|not-in|above|below)$")


async def read(
    store: Reading,
    type_name: str | None,
    pairs: Sequence[tuple[str, str]],
    *,
    lenient: bool = False,
    compartment: tuple[str, str] | None = None,
    base: str = "",
) -> Query:
    """The Query of a search; references to `base`, the record's own address, are local.

    Raises Problem 400 for what cannot be asked, 403 for what costs too much.
    """
    asked = list(pairs)
    parse = partial(search.parse, type_name, asked, lenient=lenient, compartment=compartment, base=base)
    if not any(_CODED.search(name) for name, _ in asked):
        return parse()

    def work(source: Source) -> Query:
        vocabulary = _Vocabulary(source)
        return parse(expand=vocabulary.expand, related=vocabulary.related)

    try:
        return await terminology.resolved(work, newest(store))
    except NotExpandable as reason:
        raise problem(403, reason.code, str(reason)) from reason


class _Vocabulary:
    """What a search asks of code systems and value sets."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def expand(self, url: str) -> Iterable[tuple[str, str]] | None:
        found = self._source.value_set(url.partition("|")[0])
        if found is None:
            return None
        try:
            return terminology.members(found, self._source)
        except NotExpandable as reason:
            raise problem(400, "not-supported", f"{reason}; so it cannot be searched by") from reason

    def related(self, modifier: str, system: str, code: str) -> Iterable[str] | None:
        of = terminology.above if modifier == "above" else terminology.below
        return of(system, code, self._source)
