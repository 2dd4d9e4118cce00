"""What a form says that somebody wants closed: which part of the record, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from felles.access.area import CLOSABLE
from felles.access.extent import WHOLE, Extent
from felles.access.lock import Wish
from felles.web.chart.moment import OSLO

MICROS = 1_000_000
_DOCUMENTS = ("DocumentReference/", "Composition/", "DiagnosticReport/")


NOTHING = Wish()


@dataclass(frozen=True, slots=True)
class Asked:
    """`wrong` names the field that does not do, empty when the wish holds."""

    wish: Wish = NOTHING
    wrong: str = ""


def asked(form: Mapping[str, str], now: int, named: tuple[str, ...] = ()) -> Asked:
    """What the fields `extent`, `part-...`, `document` and `until` say; `named` are those whom it is about."""
    part = _part(form)
    if part is None:
        return Asked(wrong={"part": "part", "document": "document"}.get(form.get("extent", ""), "extent"))
    until = end_of(form.get("until", ""))
    if until is not None and until <= now:
        return Asked(wrong="until")
    return Asked(Wish(part, named, until))


def _part(form: Mapping[str, str]) -> Extent | None:
    match form.get("extent"):
        case "whole":
            return WHOLE
        case "part":
            types = {name for area, names in CLOSABLE.items() if form.get(f"part-{area}") for name in names}
            return Extent(types=tuple(sorted(types))) if types else None
        case "document":
            one = form.get("document", "")
            return Extent(resources=(one,)) if one.startswith(_DOCUMENTS) else None
    return None


def end_of(text: str) -> int | None:
    """The end of a day, in microseconds; None without a day, 0 (past) for what is no day."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
        return int(datetime(day.year, day.month, day.day, tzinfo=OSLO).timestamp()) * MICROS
    except (ValueError, OverflowError):
        return 0
