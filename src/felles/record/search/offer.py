"""What this server searches by, for the CapabilityStatement: generated from what is really decomposed."""

from felles.record import definition
from felles.record.index.term import parameters
from felles.record.search.scope import ROW_PARAMETERS


def searchable(type_name: str) -> list[definition.SearchParameter]:
    """The search parameters of a type, by name. `_text`, `_content`, `_filter` and `_query` are not among them."""
    offered = parameters(type_name).keys() | set(ROW_PARAMETERS)
    return [found for code, found in sorted(definition.search_parameters(type_name).items()) if code in offered]
