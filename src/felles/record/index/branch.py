"""Search paths resolved against the R4 element definitions: which JSON members lead to which datatype."""

from collections.abc import Iterator
from dataclasses import dataclass

from felles.record import definition
from felles.record.index.expression import Path

Step = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """One way through the JSON of a resource.

    `steps`: ("one"|"many", member), ("at", member, n), ("where", member, value), ("has", extension url),
    ("known", choice) for "is there and not false", ("root",) for the resource itself.
    `type`: datatype or element path at its end.
    """

    steps: tuple[Step, ...]
    type: str

    @property
    def single(self) -> bool:
        """Whether the path gives at most one value."""
        return not any(step[0] == "many" for step in self.steps)


def branches(context: str, path: Path, resource: str | None = None) -> list[Branch]:
    """The branches of `path` from an element path such as `Observation` or `Observation.component`.

    Empty when R4 has no such element.
    """
    found = [Branch((), context)]
    for step in path.steps:
        found = [after for before in found for after in _follow(before, step, resource or context)]
    return found


def _follow(branch: Branch, step: Step, resource: str) -> Iterator[Branch]:
    kind, *words = step
    if kind == "field":
        yield from field(branch, words[0])
    elif kind == "cast":
        if branch.type == words[0]:
            yield branch
    elif kind == "extension":
        where = (("many", "extension"), ("where", "url", words[0]))
        yield from field(Branch(branch.steps + where, "Extension"), "value")
    elif kind == "known":
        yield Branch((*branch.steps, ("known", words[0])), "known")
    elif kind == "position":
        yield Branch((*branch.steps[:-1], ("at", branch.steps[-1][1], words[0])), branch.type)
    elif kind == "root":
        yield Branch((("root",),), resource)
    else:
        yield Branch((*branch.steps, step), branch.type)


def field(branch: Branch, name: str) -> Iterator[Branch]:
    """The branches through member `name` (all types of a choice), none if there is no such member."""
    element = definition.elements(branch.type).get(name)
    if element is None:
        return
    many = "one" if element.max == 1 else "many"
    if element.content_reference:
        yield Branch((*branch.steps, (many, name)), element.content_reference.rpartition("#")[2])
    for reference in element.types:
        code = reference.code
        member = name + code[0].upper() + code[1:] if element.choice else name
        inner = f"{branch.type}.{name}" if code in ("BackboneElement", "Element") else code
        yield Branch((*branch.steps, (many, member)), inner)
