"""What FHIR R4 4.0.1 defines: types, elements, search parameters, compartments (https://hl7.org/fhir/R4/).

Read from one compact table that `scripts/definitions.py` makes of the official package; loaded on first use.
"""

from felles.record.definition.compartment import COMPARTMENTS, compartment
from felles.record.definition.element import Binding, Element, Invariant, TypeRef
from felles.record.definition.search_parameter import SearchParameter, search_parameters
from felles.record.definition.structure import (
    DATATYPES,
    RESOURCE_TYPES,
    base,
    elements,
    invariants,
    is_primitive,
    is_resource,
    pattern,
    properties,
    property_of,
    type_name,
    type_number,
)
from felles.record.definition.value_set import required_codes, required_systems

__all__ = [
    "COMPARTMENTS",
    "DATATYPES",
    "RESOURCE_TYPES",
    "Binding",
    "Element",
    "Invariant",
    "SearchParameter",
    "TypeRef",
    "base",
    "compartment",
    "elements",
    "invariants",
    "is_primitive",
    "is_resource",
    "pattern",
    "properties",
    "property_of",
    "required_codes",
    "required_systems",
    "search_parameters",
    "type_name",
    "type_number",
]
