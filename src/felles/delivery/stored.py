"""Templates of the house: a FHIR Library (library.html) of type `urn:felles:letter-template`, its TOML as content.

An active one stands above the shipped template of the same code, the highest version first. It is read and checked
anew at each use, so that what has slipped by a check is not sent.
"""

import base64
import binascii
from typing import Any

from felles.access.consent import elevated
from felles.access.role import ADMINISTRATOR
from felles.access.who import Kind, Who
from felles.delivery.template import Template, read, shipped, shipped_text
from felles.duties.owner import ancestry
from felles.duties.reading import Outside, Reading
from felles.record.outcome import Problem, problem
from felles.record.prepare import new_id
from felles.record.record import Record

LIBRARY = "urn:felles:letter-template"
TYPE = "text/x-toml"
Json = dict[str, Any]


def library(text: str, *, status: str = "active") -> Json:
    """The Library of a template's TOML. Raises Problem 422 as `read` does."""
    made = read(text)
    return {
        "resourceType": "Library",
        "status": status,
        "version": str(made.version),
        "title": made.name,
        "type": {"coding": [{"system": LIBRARY, "code": made.code}]},
        "content": [{"contentType": TYPE, "data": base64.b64encode(text.encode()).decode()}],
    }


def of_library(resource: Json) -> Template:
    """The template in a Library. Raises Problem 422 that names every fault."""
    data = next((one.get("data", "") for one in resource.get("content") or () if one.get("contentType") == TYPE), "")
    try:
        return read(base64.b64decode(data, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError) as error:
        said = f"a letter template is UTF-8 text of type {TYPE}, in base64"
        raise problem(422, "invalid", said, "Library.content") from error


async def template(read: Reading, code: str) -> Template:
    """The template in force. Raises Problem 422 for one that is unknown or cannot address whom it is for."""
    found = await read.search("Library", [("type", f"{LIBRARY}|{code}"), ("status", "active")])
    versions = sorted((of_library(one) for one in found), key=lambda one: one.version)
    made = versions[-1] if versions else shipped().get(code)
    if made is None or made.code != code:
        known = ", ".join(sorted(shipped()))
        raise problem(422, "not-found", f"there is no letter template {code!r}; those that come with Felles: {known}")
    return made


async def templates(read: Reading) -> list[Template]:
    """Every template in force, by name; one of the house that cannot be used is left out."""
    found = dict(shipped())
    for one in sorted(filter(None, map(_usable, await _of_house(read))), key=lambda one: one.version):
        found[one.code] = one
    return sorted(found.values(), key=lambda one: one.name)


async def _of_house(read: Reading) -> list[Json]:
    return await read.search("Library", [("type", f"{LIBRARY}|"), ("status", "active")], 200)


def _usable(resource: Json) -> Template | None:
    try:
        return of_library(resource)
    except Problem:
        return None


async def source(read: Reading, one: Template) -> str:
    """The TOML of a template in force."""
    for resource in await _of_house(read):
        if _usable(resource) == one:
            return base64.b64decode(resource["content"][0]["data"]).decode()
    return shipped_text(one.code)


async def may_activate(record: Record, who: Who) -> bool:
    """Whether somebody changes templates: they hold for the whole record, so that administrators of a topmost unit
    do."""
    if who.kind is not Kind.STAFF or who.role is None or who.role.code != ADMINISTRATOR:
        return False
    return len(await ancestry(Outside(record), who.role.unit)) == 1


async def activate(record: Record, who: Who, text: str) -> Template:
    """Puts a version of the house in force. Raises Problem 403 for whose matter it is not, 422 that names every fault:
    one that does not address every role it is for is refused."""
    if not await may_activate(record, who):
        raise problem(403, "forbidden", "administrators of a topmost unit change letter templates")
    made = read(text)
    held = {one.code: one for one in await templates(Outside(record))}.get(made.code)
    if held is not None and held.version >= made.version:
        raise problem(422, "business-rule", f"the template has version {held.version} already", "Library.version")
    await elevated(record).create(library(text), new_id())
    return made
