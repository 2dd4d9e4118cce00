"""Identifiers of test series: accepted only in a store that is marked as demo."""

import orjson

from felles.record.outcome import Problem
from felles.record.store import Write
from felles.record.validation import made_up, may_be_made_up


def refuse_made_up(write: Write) -> None:
    """Raises Problem 422 at the organisation numbers and HER-ids of test series."""
    if may_be_made_up(write.tail):
        issues = made_up(orjson.loads(write.head + b"1" + write.middle + write.tail))
        if issues:
            raise Problem(422, tuple(issues))
