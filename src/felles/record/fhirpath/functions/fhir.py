"""Functions that FHIR adds (http://hl7.org/fhir/R4/fhirpath.html#functions), and tree navigation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from felles.record import definition
from felles.record.fhirpath.context import Context, is_resource
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.functions.narrative import acceptable
from felles.record.fhirpath.functions.registry import function
from felles.record.fhirpath.model import ABSTRACT, of
from felles.record.fhirpath.node import Node, root
from felles.record.fhirpath.singleton import EMPTY, FALSE, TRUE, only, text, truth
from felles.record.fhirpath.value import Collection, Item

STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"


@function("children")
def children(context: Context, focus: Collection) -> Collection:
    found = [child for item in focus if type(item) is Node for child in item.children()]
    context.spend(len(found))
    return found


@function("descendants")
def descendants(context: Context, focus: Collection) -> Collection:
    found: Collection = []
    level = focus
    while level:
        level = children(context, level)
        found += level
    return found


@function("extension", 1)
def extension(context: Context, focus: Collection, url: Collection) -> Collection:
    wanted = text(url)
    found: Collection = []
    for item in focus:
        if type(item) is Node:
            item.collect("extension", found)
    return [item for item in found if type(item.value) is dict and item.value.get("url") == wanted]


@function("hasValue")
def has_value(context: Context, focus: Collection) -> Collection:
    return truth(len(focus) == 1 and primitive_value(focus[0]) is not None)


@function("getValue")
def get_value(context: Context, focus: Collection) -> Collection:
    found = primitive_value(focus[0]) if len(focus) == 1 else None
    return EMPTY if found is None else [found]


def primitive_value(item: Item) -> Any:
    """The System value of a primitive, or None."""
    if type(item) is not Node:
        return item
    return item.system() if item.type.primitive else None


@function("resolve")
def resolve(context: Context, focus: Collection) -> Collection:
    """What references, uris and canonicals point to; what cannot be found is left out."""
    context.spend(len(focus) * 10)
    found = [resolved(context, reference_text(item)) for item in focus]
    return [item for item in found if item is not None]


def reference_text(item: Item) -> str | None:
    value = item.value if type(item) is Node else item
    if type(value) is dict:
        value = value.get("reference")
    return value if type(value) is str and value else None


def resolved(context: Context, reference: str | None) -> Node | None:
    if reference is None:
        return None
    if reference.startswith("#"):
        return contained(context.root_resource(), reference[1:])
    found = entry(context.focus, reference)
    if found is not None:
        return found
    outside = context.resolve(reference) if context.resolve else None
    return None if outside is None else root(outside)


def contained(container: Node, id: str) -> Node | None:
    """The contained resource of that id; the container itself for `#`."""
    if not id:
        return container
    found: list[Node] = []
    container.collect("contained", found)
    return next((node for node in found if node.value.get("id") == id), None)


def entry(focus: Node, reference: str) -> Node | None:
    """The resource of the Bundle entry with this fullUrl (http://hl7.org/fhir/R4/bundle.html#references)."""
    for bundle in focus.lineage():
        if bundle.type.name != "Bundle":
            continue
        entries: list[Node] = []
        bundle.collect("entry", entries)
        for node in entries:
            url = node.value.get("fullUrl")
            if url == reference or (type(url) is str and url.endswith(f"/{reference}")):
                found: list[Node] = []
                node.collect("resource", found)
                return found[0] if found else None
    return None


@function("conformsTo", 1)
def conforms_to(context: Context, focus: Collection, structure: Collection) -> Collection:
    """Whether the item is of the type that a base StructureDefinition defines; profiles are not decided here."""
    item, url = only(focus), text(structure)
    if item is None or url is None:
        return EMPTY
    name = url.removeprefix(STRUCTURE)
    if not url.startswith(STRUCTURE) or name not in (*definition.RESOURCE_TYPES, *definition.DATATYPES, *ABSTRACT):
        raise FhirPathError(f"There is no StructureDefinition {url} to compare with")
    return truth(type(item) is Node and name in item.type.ancestors)


@function("memberOf", 1)
def member_of(context: Context, focus: Collection, value_set: Collection) -> Collection:
    item, url = only(focus), text(value_set)
    if item is None or url is None:
        return EMPTY
    if context.terminology is None:
        raise FhirPathError("memberOf() needs a terminology, and none is given")
    return truth(context.terminology.member_of(plain(item), url))


@function("subsumes", 1)
def subsumes(context: Context, focus: Collection, other: Collection) -> Collection:
    general, special = only(focus), only(other)
    if general is None or special is None:
        return EMPTY
    if context.terminology is None:
        raise FhirPathError("subsumes() needs a terminology, and none is given")
    return truth(context.terminology.subsumes(plain(general), plain(special)))


@function("subsumedBy", 1)
def subsumed_by(context: Context, focus: Collection, other: Collection) -> Collection:
    return subsumes(context, other, focus)


def plain(item: Item) -> Any:
    return item.value if type(item) is Node else item


@function("htmlChecks")
def html_checks(context: Context, focus: Collection) -> Collection:
    """txt-1: narrative holds only basic formatting (http://hl7.org/fhir/R4/narrative.html#rules)."""
    item = only(focus)
    if item is None:
        return EMPTY
    value = plain(item)
    return TRUE if type(value) is str and acceptable(value) else FALSE


@function("elementDefinition")
def element_definition(context: Context, focus: Collection) -> Collection:
    """For each item the ElementDefinition of base R4: path, cardinality, types, binding."""
    found = []
    for item in focus:
        element = defined(item)
        if element is not None:
            found.append(Node(as_fhir(element), None, of("ElementDefinition")))
    return found


def defined(item: Item) -> definition.Element | None:
    if type(item) is not Node or item.parent is None:
        return None
    path = "Element" if item.parent.type.primitive else item.parent.type.path
    return definition.elements(path).get(item.name)


def as_fhir(element: definition.Element) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "path": element.path + ("[x]" if element.choice else ""),
        "short": element.short,
        "min": element.min,
        "max": "*" if element.max is None else str(element.max),
        "type": [{"code": reference.code} for reference in element.types],
    }
    if element.binding:
        found["binding"] = {"strength": element.binding.strength, "valueSet": element.binding.value_set}
    return found


@function("slice", 2)
def slice_of(context: Context, focus: Collection, structure: Collection, name: Collection) -> Collection:
    """Slices belong to profiles, which this engine does not know."""
    raise FhirPathError(f"slice() needs the profile {text(structure)}, which is not known here")


@function("checkModifiers", 0, 20)
def check_modifiers(context: Context, focus: Collection, *understood: Collection) -> Collection:
    """The input unless an item carries a modifier extension that is not among those understood."""
    allowed = {text(url) for url in understood}
    for item in focus:
        found: list[Node] = []
        if type(item) is Node:
            item.collect("modifierExtension", found)
        for node in found:
            if node.value.get("url") not in allowed:
                raise FhirPathError(f"The modifier extension {node.value.get('url')} is not understood")
    return focus


@function("getResourceKey")
def resource_key(context: Context, focus: Collection) -> Collection:
    """`Type/id` of a resource (https://sql-on-fhir.org/ig/latest/StructureDefinition-ViewDefinition.html)."""
    return [
        f"{item.type.name}/{item.value['id']}"
        for item in focus
        if type(item) is Node and is_resource(item) and "id" in item.value
    ]
