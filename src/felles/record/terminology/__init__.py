"""Code systems and value sets (https://hl7.org/fhir/R4/terminology-service.html): those of R4 and those stored.

    await resolved(lambda source: expand(source, url, filter="hemo"), fetch)

The operations are pure functions over a `Source`; `SHIPPED` holds what R4 itself defines, and `resolved` runs one of
them over what is stored as well.
"""

from felles.record.terminology.expansion import Concept, NotExpandable, Source
from felles.record.terminology.membership import Membership, above, below, codes_of, members
from felles.record.terminology.operation import expand, lookup, subsumes, validate_code
from felles.record.terminology.shipped import SHIPPED
from felles.record.terminology.stored import Fetch, resolved

__all__ = [
    "SHIPPED",
    "Concept",
    "Fetch",
    "Membership",
    "NotExpandable",
    "Source",
    "above",
    "below",
    "codes_of",
    "expand",
    "lookup",
    "members",
    "resolved",
    "subsumes",
    "validate_code",
]
