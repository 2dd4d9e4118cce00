"""What a Bundle demands of its entries together (https://hl7.org/fhir/R4/bundle.html#invs)."""

from collections.abc import Iterator, Mapping
from typing import Any

from felles.record.outcome import Issue


def faults(bundle: Mapping[str, Any], where: str) -> Iterator[Issue]:
    """bdl-7: fullUrls are unique, or the entries differ in meta.versionId; not so in a history."""
    entries = bundle.get("entry")
    if not isinstance(entries, list) or bundle.get("type") == "history":
        return
    seen: set[tuple[Any, Any]] = set()
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("fullUrl"), str):
            continue
        key = (entry["fullUrl"], _version(entry.get("resource")))
        if key in seen:
            yield Issue("duplicate", "the same fullUrl stands twice (bdl-7)", f"{where}.entry[{index}].fullUrl")
        seen.add(key)


def _version(resource: Any) -> str | None:
    meta = resource.get("meta") if isinstance(resource, Mapping) else None
    version = meta.get("versionId") if isinstance(meta, Mapping) else None
    return version if isinstance(version, str) else None
