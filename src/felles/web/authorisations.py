"""The register of authorisations: who could do what, on which day, granted by whom (pasientjournalforskriften § 13,
Normen faktaark 47). No patient stands in it."""

import csv
from dataclasses import dataclass
from datetime import date
from io import StringIO
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.access.audit import row
from felles.access.register import Authorisation
from felles.access.title import TITLES, abilities, title
from felles.web.bureau import Bureau, bureau_of, day_of, day_text, moment_of, oversees
from felles.web.chart.words import N_
from felles.web.guard import guarded
from felles.web.page import answer
from felles.web.place import Place
from felles.web.visit import site_of

SHOWN = 50
overseeing = guarded(oversees)


@dataclass(frozen=True, slots=True)
class Filter:
    """What was asked for. `unit` is an id without its type, `person` too; empty is any."""

    day: date
    unit: str = ""
    role: str = ""
    person: str = ""
    page: int = 1

    def address(self, path: str = "/authorisations", page: int = 1) -> str:
        """The address that asks the same."""
        given = {"day": self.day.isoformat(), "unit": self.unit, "role": self.role, "person": self.person}
        pairs = {name: value for name, value in given.items() if value} | ({"page": page} if page > 1 else {})
        return f"{path}?{urlencode(pairs)}"


def _filter(request: Request) -> Filter:
    given, today = request.query_params, site_of(request).today
    page = given.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    day = day_of(given.get("day", "")) or today
    role = given.get("role", "")
    return Filter(day, given.get("unit", ""), role if role in TITLES else "", given.get("person", ""), max(number, 1))


async def _found(bureau: Bureau, asked: Filter) -> list[Authorisation]:
    """By unit, then name."""
    found = await bureau.register.holding(
        moment_of(asked.day, bureau.now),
        f"Practitioner/{asked.person}" if asked.person else None,
        f"Organization/{asked.unit}" if asked.unit else None,
        (asked.role,) if asked.role else (),
        bureau.authority.units,
    )
    return sorted(found, key=lambda one: (one.place, one.name, one.code, one.role))


async def givers(bureau: Bureau, found: list[Authorisation]) -> dict[str, str]:
    """Names of those who gave roles."""
    known = await bureau.register.chronicle()
    people = {one.granted_by: known.person(one.granted_by, bureau.now) for one in found if one.granted_by}
    return {id: person.name if person else id for id, person in people.items()}


@overseeing
async def show(request: Request) -> Response:
    """GET /authorisations: a page of the register as it stood on a day."""
    bureau, asked = await bureau_of(request), _filter(request)
    everything = await _found(bureau, asked)
    shown = await bureau.register.granted(everything[(asked.page - 1) * SHOWN : asked.page * SHOWN])
    what = row.What("PractitionerRole", [one.role.partition("/")[2] for one in shown], len(shown), request.query_params)
    await bureau.tell(row.Act.SEARCH, what)
    return answer(
        request, "authorisations.html", asked=asked, found=shown, total=len(everything), size=SHOWN,
        units=bureau.units, titles=TITLES, title=title, abilities=abilities, day_text=day_text,
        givers=await givers(bureau, shown), gives=bureau.authority.gives,
    )  # fmt: skip


HEAD = (
    "Dag", "Ansatt", "Ansatt-id", "Rolle", "Rollekode", "Enhet", "Enhets-id", "Kan", "Fra", "Til", "Gitt av",
    "Registrert", "Rolle-id", "Versjon",
)  # fmt: skip


@overseeing
async def export(request: Request) -> Response:
    """GET /authorisations.csv: the same as CSV (RFC 4180), all pages; a row of the log says who took it."""
    bureau, asked = await bureau_of(request), _filter(request)
    found = await bureau.register.granted(await _found(bureau, asked))
    names = await givers(bureau, found)
    text = StringIO()
    out = csv.writer(text, delimiter=";")
    out.writerow(HEAD)
    for one in found:
        out.writerow([plain(cell) for cell in _cells(one, asked.day, names)])
    await bureau.tell(row.Act.EXPORT, row.What("PractitionerRole", (), len(found), request.query_params))
    return sent(text.getvalue(), f"autorisasjoner-{asked.day}")


def _cells(one: Authorisation, day: date, names: dict[str, str]) -> list[str]:
    last = day_text(one.end - 1) if one.end is not None else ""
    return [
        day.isoformat(), one.name, one.person, title(one.code), one.code, one.place, one.unit,
        ", ".join(abilities(one.rights)), day_text(one.start), last, names.get(one.granted_by or "", ""),
        day_text(one.since), one.role, str(one.number),
    ]  # fmt: skip


def plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def sent(text: str, name: str) -> Response:
    """A CSV file to keep, marked so that spreadsheets read it as UTF-8."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return Response("\ufeff" + text, media_type="text/csv", headers=headers)


ROUTES = [Route("/authorisations", show), Route("/authorisations.csv", export)]
PLACES = [
    Place("doctor", N_("Autorisasjoner"), "/authorisations", "tilgang roller ansatte register access roles", oversees)
]
