"""Employees by name, for patients who want to keep one of them out: the house's directory, never anybody's record."""

from dataclasses import dataclass

from felles.web.chart.text import coded, first, spoken_name
from felles.web.source import Record, decode, directory

LEAST, SHOWN = 3, 20


@dataclass(frozen=True, slots=True)
class Employee:
    """`id` of the Practitioner; `work` the roles and units by name."""

    id: str
    name: str
    work: tuple[str, ...]


async def employees(record: Record, text: str) -> list[Employee]:
    """Those whose name has words that begin so; at most SHOWN."""
    words = text.split()[:4]
    if sum(map(len, words)) < LEAST:
        return []
    asked = [("name", word[:60].replace("\\", "").replace(",", "").replace("$", "").replace("|", "")) for word in words]
    return await _with_work(record, [pair for pair in asked if pair[1]])


async def employee(record: Record, id: str) -> list[Employee]:
    """The one of this id, or nobody."""
    return await _with_work(record, [("_id", id)]) if id.isascii() and id.replace("-", "").isalnum() else []


async def _with_work(record: Record, asked: list[tuple[str, str]]) -> list[Employee]:
    people = decode(await record.search("Practitioner", [*asked, ("_count", str(SHOWN))]))
    if not people:
        return []
    ids = ",".join(f"Practitioner/{one['id']}" for one in people)
    roles = decode(await record.search("PractitionerRole", [("practitioner", ids), ("_count", "200")]))
    places = await directory(record, [one.get("organization") for one in roles])
    work: dict[str, dict[str, None]] = {}
    for one in roles:
        if one.get("active") is not False:
            words = ", ".join(w for w in (coded(first(one.get("code"))), places.name(one.get("organization"))) if w)
            work.setdefault(one["practitioner"]["reference"], {})[words] = None
    return [Employee(one["id"], spoken_name(one), tuple(work.get(f"Practitioner/{one['id']}", ()))) for one in people]
