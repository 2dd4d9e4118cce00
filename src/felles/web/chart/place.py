"""Where care was given: the organisation's name and which of the three levels it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from felles.web.chart.text import Resource, spoken_name

HOSPITAL, MUNICIPALITY, GP, OTHER = "hospital", "municipality", "gp", "other"
LEVELS = (HOSPITAL, MUNICIPALITY, GP)


@dataclass(frozen=True, slots=True)
class Directory:
    """Organisations, practitioners, roles and locations that a chart points to, by `Type/id`."""

    by_reference: Mapping[str, Resource] = field(default_factory=dict)

    def find(self, reference: Resource | None) -> Resource:
        return self.by_reference.get((reference or {}).get("reference", ""), {})

    def name(self, reference: Resource | None) -> str:
        """The words beside the reference, else the name of what it points to."""
        if reference and reference.get("display"):
            return str(reference["display"])
        found = self.find(reference)
        if found.get("resourceType") == "PractitionerRole":
            return self.name(found.get("practitioner")) or self.name(found.get("organization"))
        if found.get("resourceType") in ("Practitioner", "RelatedPerson"):
            return spoken_name(found)
        return str(found.get("name", ""))
