"""Write the compact R4 tables that the package ships, from the official npm package hl7.fhir.r4.examples@4.0.1.

    uv run python scripts/definitions.py [--package FOLDER]

The package (CC0, published by HL7) holds every StructureDefinition, SearchParameter, CompartmentDefinition,
CodeSystem and ValueSet of FHIR R4 4.0.1 as published. It is fetched by `npm pack` into a temporary folder.
The same input gives the same bytes.
"""

import argparse
import gzip
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from felles.record.terminology.expansion import NotExpandable, Source, expand

PACKAGE = "hl7.fhir.r4.examples@4.0.1"
RECORD = Path(__file__).parent.parent / "src/felles/record"
PREFIX = "http://hl7.org/fhir/StructureDefinition/"
REGEX = "http://hl7.org/fhir/StructureDefinition/regex"
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
Json = dict[str, Any]
SHORT_OF_REQUIRED = 3_000  # a required value set with more codes than this is left open


class Package(Source):
    """The unpacked npm package, read by resource type."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.code_systems = {r["url"]: r for r in self.read("CodeSystem")}
        self.value_sets = {r["url"]: r for r in self.read("ValueSet") if "url" in r}

    def read(self, resource_type: str) -> Iterator[Json]:
        for path in sorted(self.folder.glob(f"{resource_type}-*.json")):
            yield json.loads(path.read_text("utf-8"))

    def code_system(self, url: str) -> Json | None:
        return self.code_systems.get(url)

    def value_set(self, url: str) -> Json | None:
        return self.value_sets.get(url)


def types(package: Package) -> Json:
    """Every resource and datatype: {name: {kind, base, abstract, regex, paths: {path: [element]}, invariants}}."""
    found = {}
    for definition in package.read("StructureDefinition"):
        if definition["kind"] == "logical" or definition.get("derivation") == "constraint":
            continue
        assert definition["fhirVersion"] == "4.0.1", definition["url"]
        found[definition["type"]] = one_type(definition)
    return dict(sorted(found.items()))


def one_type(definition: Json) -> Json:
    name, elements = definition["type"], definition["snapshot"]["element"]
    paths: dict[str, list[Any]] = {}
    invariants: dict[str, list[Any]] = {}
    for order, element in enumerate(elements):
        path = element["path"]
        own = [
            [c["key"], c["severity"], c["human"], c["expression"]]
            for c in element.get("constraint", ())
            if c.get("source", PREFIX + name) in (PREFIX + name, name) and "expression" in c
        ]
        if own:
            invariants[path.removesuffix("[x]")] = own
        if "." in path:
            parent, _, _ = path.rpartition(".")
            paths.setdefault(parent, []).append(one_element(element, order))
    if definition["kind"] == "resource":
        paths[name][0][3] = [["id", [], []]]  # Resource.id is an id (resource.html#id), though the snapshot says string
    return {
        "kind": definition["kind"],
        "base": definition.get("baseDefinition", "").removeprefix(PREFIX),
        "abstract": definition["abstract"],
        "regex": regex_of(elements),
        "paths": paths if definition["kind"] != "primitive-type" else {},
        "invariants": invariants,
    }


def regex_of(elements: list[Json]) -> str | None:
    value = next((e for e in elements if e["path"].endswith(".value") and e["path"].count(".") == 1), None)
    if value is None:
        return None
    extensions = [x for t in value.get("type", ()) for x in t.get("extension", ())]
    return next((x["valueString"] for x in extensions if x["url"] == REGEX), None)


def one_element(element: Json, order: int) -> list[Any]:
    name = element["path"].rpartition(".")[2]
    binding = element.get("binding")
    return [
        name.removesuffix("[x]"),
        element["min"],
        -1 if element["max"] == "*" else int(element["max"]),
        [one_type_reference(t) for t in element.get("type", ())],
        int(name.endswith("[x]")),
        [binding["strength"], unversioned(binding["valueSet"])] if binding and "valueSet" in binding else None,
        element["contentReference"].removeprefix("#") if "contentReference" in element else None,
        int(element.get("isSummary", False)) + 2 * int(element.get("isModifier", False)),
        order,
        element.get("short", ""),
    ]


def one_type_reference(entry: Json) -> list[Any]:
    code = entry["code"]
    if code.startswith("http://hl7.org/fhirpath/"):
        stated = [x for x in entry.get("extension", ()) if x["url"] == FHIR_TYPE]
        code = (stated[0].get("valueUrl") or stated[0]["valueUri"]) if stated else "string"
    targets, profiles = entry.get("targetProfile", ()), entry.get("profile", ())
    return [code, [t.removeprefix(PREFIX) for t in targets], [p.removeprefix(PREFIX) for p in profiles]]


def unversioned(url: str) -> str:
    return url.partition("|")[0]


def search_parameters(package: Package) -> Json:
    """{base type: {code: [type, url, expression, targets, components, description, comparators, modifiers]}}.

    Left out: the examples, and the parameters that belong to extensions and profiles (not to a resource type).
    """
    found: dict[str, dict[str, Any]] = {}
    for parameter in package.read("SearchParameter"):
        if re.search(r"-extensions-|-genetic-|/example", parameter["url"]):
            continue
        for base in parameter["base"]:
            found.setdefault(base, {})[parameter["code"]] = one_parameter(parameter, base)
    return {base: dict(sorted(found[base].items())) for base in sorted(found)}


def one_parameter(parameter: Json, base: str) -> list[Any]:
    components = [[c["definition"], c["expression"]] for c in parameter.get("component", ())]
    return [
        parameter["type"],
        parameter["url"],
        expression_for(parameter.get("expression"), base),
        parameter.get("target", []),
        components,
        description_for(parameter["description"], base),
        parameter.get("comparator", []),
        parameter.get("modifier", []),
    ]


def expression_for(expression: str | None, base: str) -> str | None:
    """The parts of a union that begin with the base type; a part without any type belongs to each base."""
    if expression is None:
        return None
    parts = [f"{base}.{part}" if re.match(r"[a-z]", part) else part for part in union_parts(expression)]
    own = [part for part in parts if re.match(rf"\(*{base}\b", part)]
    assert own, (expression, base)
    return " | ".join(own)


def union_parts(expression: str) -> Iterator[str]:
    depth, start, quoted = 0, 0, False
    for at, character in enumerate(expression):
        quoted ^= character == "'"
        depth += (character in "([") - (character in ")]") if not quoted else 0
        if character == "|" and depth == 0 and not quoted:
            yield expression[start:at].strip()
            start = at + 1
    yield expression[start:].strip()


def description_for(description: str, base: str) -> str:
    """Of a description shared by several types the line of this type."""
    own = re.search(rf"\* \[{base}\]\([^)]*\): (.*)", description)
    return (own.group(1) if own else description).strip()


def compartments(package: Package) -> Json:
    """{compartment type: {resource type: [parameter codes]}}."""
    found = {}
    for definition in package.read("CompartmentDefinition"):
        if definition["id"] != "example":
            rows = {r["code"]: r["param"] for r in definition["resource"] if r.get("param")}
            found[definition["code"]] = dict(sorted(rows.items()))
    return dict(sorted(found.items()))


def required(package: Package, table: Json) -> Json:
    """{value set URL: {system: [codes]} or null where the set is open (mime types, currencies, units)}."""
    bindings = {
        element[5][1]
        for entry in table.values()
        for elements in entry["paths"].values()
        for element in elements
        if element[5] and element[5][0] == "required"
    }
    return {url: codes_of(package, url) for url in sorted(bindings)}


def codes_of(package: Package, url: str) -> dict[str, list[str]] | None:
    if url not in package.value_sets:
        return None
    try:
        members = expand(package.value_sets[url], package)
    except NotExpandable:
        return None
    if len(members) > SHORT_OF_REQUIRED:
        return None
    found: dict[str, list[str]] = {}
    for system, code in members:
        found.setdefault(system, []).append(code)
    return found


def write(path: Path, table: Json) -> None:
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{path}: {len(text):,} bytes, {path.stat().st_size:,} compressed")


def code_systems(package: Package) -> list[Json]:
    """The code systems with what expansion and look-up need, texts for people left out."""
    kept = ("url", "version", "name", "title", "caseSensitive", "hierarchyMeaning", "content")
    found = [
        {**chosen(r, kept), "concept": list(map(concept, r.get("concept", ())))} for r in package.read("CodeSystem")
    ]
    return sorted(found, key=lambda r: r["url"])


def concept(entry: Json) -> Json:
    kept = chosen(entry, ("code", "display", "definition", "property"))
    return {**kept, "concept": list(map(concept, entry["concept"]))} if "concept" in entry else kept


def value_sets(package: Package) -> list[Json]:
    kept = ("url", "version", "name", "title", "compose", "expansion")
    return sorted((chosen(r, kept) for r in package.read("ValueSet") if "url" in r), key=lambda r: r["url"])


def chosen(resource: Json, names: tuple[str, ...]) -> Json:
    return {name: resource[name] for name in names if name in resource}


def fetch(folder: Path) -> Path:
    subprocess.run(["npm", "pack", PACKAGE, "--silent", "--pack-destination", str(folder)], check=True, cwd=folder)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def build(folder: Path) -> None:
    package = Package(folder)
    table = types(package)
    write(
        RECORD / "definition/r4.json.gz",
        {
            "version": "4.0.1",
            "types": table,
            "search": search_parameters(package),
            "compartments": compartments(package),
            "required": required(package, table),
        },
    )
    terminology = {"code_systems": code_systems(package), "value_sets": value_sets(package)}
    write(RECORD / "terminology/r4.json.gz", terminology)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--package", type=Path, help="the unpacked npm package, instead of fetching it")
    chosen = arguments.parse_args().package
    if chosen:
        build(chosen)
        return
    with tempfile.TemporaryDirectory() as temporary:
        build(fetch(Path(temporary)))


if __name__ == "__main__":
    main()
