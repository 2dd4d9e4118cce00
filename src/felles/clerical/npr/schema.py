"""Whether a message is valid by the official schema, where an operator has installed it (FELLES_NPR_XSD).

Schemas are found by their namespace; none comes with Felles.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lxml import etree

_SCHEMA = "{http://www.w3.org/2001/XMLSchema}schema"
MOST = 20
"""Faults that are kept of one message."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`known` False: no schema of this namespace is installed, and nothing is said of validity."""

    known: bool
    faults: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return self.known and not self.faults


def verdict(file: Path, folder: Path | None) -> Verdict:
    """What the schema says of a message. Faults name line, element and rule, never a value."""
    namespace = _namespace(file)
    schema = _schema(folder, namespace) if folder else None
    if schema is None:
        return Verdict(False)
    schema.validate(etree.parse(str(file), _parser()))
    faults = list(schema.error_log)  # type: ignore[call-overload]
    return Verdict(True, tuple(map(_told, faults[:MOST])))


def _told(error: object) -> str:
    line, path, kind = (getattr(error, name, "") for name in ("line", "path", "type_name"))
    return f"line {line}: {str(path).rpartition('/')[2]}: {kind}"


def _namespace(file: Path) -> str:
    for _, element in etree.iterparse(str(file), events=("start",), resolve_entities=False, no_network=True):
        return str(etree.QName(element).namespace or "")
    return ""


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


@lru_cache(maxsize=8)
def _schema(folder: Path, namespace: str) -> etree.XMLSchema | None:
    """The schema of a namespace: the one that declares the element Melding. Raises ValueError for a broken one."""
    for path in sorted(folder.rglob("*.xsd")):
        tree = etree.parse(str(path), _parser())
        root = tree.getroot()
        melding = [one for one in root if one.get("name") == "Melding"]
        if root.tag == _SCHEMA and root.get("targetNamespace") == namespace and melding:
            _find_parts(root, folder)
            try:
                return etree.XMLSchema(tree)
            except etree.XMLSchemaParseError as error:
                raise ValueError(f"the schema {path.name} cannot be used: {error}") from error
    return None


def _find_parts(root: etree._Element, folder: Path) -> None:
    """Parts of a schema are looked for in the same folder by the end of their name, however they were renamed."""
    for part in root:
        wanted = str(part.get("schemaLocation") or "").rpartition("/")[2]
        there = [one for one in sorted(folder.rglob("*.xsd")) if wanted and one.name.endswith(wanted)]
        if there:
            part.set("schemaLocation", there[0].resolve().as_uri())
