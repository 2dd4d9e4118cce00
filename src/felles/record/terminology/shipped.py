"""The code systems and value sets that FHIR R4 4.0.1 publishes, from the table that the package ships."""

import gzip
from functools import cache
from importlib import resources
from typing import Any

import orjson

from felles.record.terminology.expansion import Resource, Source


@cache
def _table() -> dict[str, dict[str, Any]]:
    packed = resources.files(__package__).joinpath("r4.json.gz").read_bytes()
    loaded = orjson.loads(gzip.decompress(packed))
    return {name: {entry["url"]: entry for entry in entries} for name, entries in loaded.items()}


class Shipped(Source):
    """Loaded on first use."""

    def code_system(self, url: str) -> Resource | None:
        return _table()["code_systems"].get(url)

    def value_set(self, url: str) -> Resource | None:
        return _table()["value_sets"].get(url)


SHIPPED = Shipped()
