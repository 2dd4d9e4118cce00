"""One employee in the register of authorisations: the roles, and what has become of them. Employees are found by name
or HPR number; no other number finds anybody here, and no patient is ever found."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.access.audit import row
from felles.access.authorisation import held
from felles.access.chronicle import Chronicle, current
from felles.access.oversight import oversees_all
from felles.access.person import name_of
from felles.access.register import Change
from felles.access.role import Employment
from felles.access.subject import HPR
from felles.access.title import abilities, title
from felles.web.authorisations import overseeing
from felles.web.bureau import Bureau, bureau_of, day_text, time_text
from felles.web.page import answer
from felles.web.source import decode
from felles.web.visit import read_form, token_fits

MOST = 50
HPR_DIGITS = range(5, 10)


@dataclass(frozen=True, slots=True)
class Held:
    """A role as it stands: `refused` says why the visitor may not end it (None: may), `number` its version."""

    one: Employment
    place: str
    number: int
    refused: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """An employee who was found, with the units of today."""

    id: str
    name: str
    hpr: str
    places: tuple[str, ...]


@overseeing
async def people(request: Request) -> Response:
    """POST /authorisations/people: employees by name or HPR number; what is typed stands in no address."""
    bureau, form = await bureau_of(request), await read_form(request)
    text, stale = " ".join(form.get("text", "").split())[:80], not token_fits(request, form)
    found = [] if stale else await hits(bureau, text)
    return answer(
        request, "authorisation-people.html", 403 if stale else 200, text=text, found=found, stale=stale, most=MOST,
        numbers=text.isdigit(),
    )  # fmt: skip


async def hits(bureau: Bureau, text: str) -> list[Hit]:
    """Employees whose names begin so, or with this HPR number."""
    asked = _asked(text)
    if not asked:
        return []
    found = decode(await bureau.record.search("Practitioner", [*asked, ("_count", str(MOST))]))
    await bureau.tell(
        row.Act.SEARCH,
        row.What("Practitioner", [str(one["id"]) for one in found], len(found), [name for name, _ in asked]),
    )
    known = await bureau.register.chronicle()
    return [_hit(one, known, bureau) for one in found if one.get("active") is not False]


def _asked(text: str) -> list[tuple[str, str]]:
    """A search for an HPR number or the beginnings of names; nothing for any other number."""
    if any(letter.isdigit() for letter in text):
        known = text.isascii() and text.isdigit() and len(text) in HPR_DIGITS
        return [("identifier", f"{HPR}|{text}")] if known else []
    words = [word for word in ("".join(filter(_is_name, part)) for part in text.split()) if len(word) > 1]
    return [("name", word) for word in words]


def _is_name(letter: str) -> bool:
    return letter.isalpha() or letter in "-'."


def _hit(person: dict[str, object], known: Chronicle, bureau: Bureau) -> Hit:
    id = str(person["id"])
    mine = [one for one in _roles(known, f"Practitioner/{id}", bureau.now) if one.holds(bureau.now)]
    places = sorted({bureau.tree.units[one.role.unit].name for one in mine if one.role.unit in bureau.tree.units})
    return Hit(id, name_of(person), hpr_of(person), tuple(places))


def hpr_of(person: dict[str, object]) -> str:
    """The HPR number; empty where there is none."""
    found = person.get("identifier") or ()
    numbers = found if isinstance(found, list) else []
    return next((str(one.get("value")) for one in numbers if one.get("system") == HPR), "")


def _roles(known: Chronicle, person: str, moment: int) -> list[Employment]:
    found = [current(versions, moment) for versions in known.roles.values()]
    return [one.content for one in found if one and one.content and one.content.practitioner == person]


@overseeing
async def show(request: Request) -> Response:
    """GET /authorisations/person/{id}: the roles of one employee in the units that are open, and their history."""
    bureau, person = await bureau_of(request), f"Practitioner/{request.path_params['id']}"
    known = await bureau.register.chronicle()
    found = known.person(person, bureau.now)
    if found is None:
        raise HTTPException(404)
    changes = await bureau.register.history(person, bureau.authority.units)
    roles = await _held(bureau, person, known)
    await bureau.tell(row.Act.HISTORY, row.What("Practitioner", [request.path_params["id"]], len(changes)))
    return answer(
        request, "authorisation-person.html", person=found, id=request.path_params["id"], roles=roles,
        changes=[(one, _deed(one, changes)) for one in changes], names=_names(known, changes, bureau),
        units=bureau.tree.units, title=title, abilities=abilities, day_text=day_text, time_text=time_text,
        gives=bureau.authority.gives and person != bureau.sitting.who.id and found.active,
        own=person == bureau.sitting.who.id, now=bureau.now, insight=oversees_all(bureau.sitting.who),
    )  # fmt: skip


async def _held(bureau: Bureau, person: str, known: Chronicle) -> list[Held]:
    """What holds or will, by unit."""
    found = []
    for one in await held(bureau.sitting.record, person):
        role = one.role
        if one.active and bureau.authority.sees(role.unit) and (role.end is None or role.end > bureau.now):
            versions = known.roles.get(role.id, ())
            unit = bureau.tree.units.get(role.unit)
            no = bureau.authority.refuses(role.code, role.unit)
            found.append(Held(one, unit.name if unit else role.unit, versions[-1].number if versions else 0, no))
    return sorted(found, key=lambda one: (one.place, one.one.role.code))


def _deed(change: Change, changes: list[Change]) -> str:
    """What became of a role: given, changed, ended, struck out."""
    content = change.version.content
    if content is None:
        return "struck"
    if not content.active:
        return "ended"
    before = [one for one in changes if one.role == change.role and one.version.number < change.version.number]
    if not before:
        return "given"
    last = before[0].version.content
    return "dated" if last is not None and last.role.end != content.role.end else "changed"


def _names(known: Chronicle, changes: list[Change], bureau: Bureau) -> dict[str, str]:
    people = {one.by: known.person(one.by, bureau.now) for one in changes if one.by}
    return {id: person.name if person else id for id, person in people.items()}


ROUTES = [
    Route("/authorisations/people", people, methods=["POST"]),
    Route("/authorisations/person/{id}", show),
]
