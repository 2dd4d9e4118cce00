"""What part of a record a Consent is about, as FHIR says it: the whole, kinds, labels, single resources, a time.

All that is said holds together, each by any of its values (`ground`; read back as `part.Part`).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from felles.access.right import OF_PATIENTS
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.record import Record

RESOURCE_TYPES = "http://hl7.org/fhir/resource-types"
_ALWAYS = frozenset(("Patient", "Consent", "AuditEvent"))
"""Without these nobody could tell that there is a lock: they are closed with the whole record only."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Extent:
    """`types` of resource; `labels` (system, code) in meta.security; `resources` "Type/id"; care from `start` to `end`,
    both included. Nothing said is the whole record."""

    types: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    resources: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None

    @property
    def whole(self) -> bool:
        return not (self.types or self.labels or self.resources or self.start or self.end)

    @property
    def provision(self) -> Json:
        """The elements of Consent.provision that say it (https://hl7.org/fhir/R4/consent.html)."""
        found: Json = {}
        if self.types:
            found["class"] = [{"system": RESOURCE_TYPES, "code": name} for name in self.types]
        if self.labels:
            found["securityLabel"] = [{"system": system, "code": code} for system, code in self.labels]
        if self.resources:
            found["data"] = [{"meaning": "instance", "reference": {"reference": one}} for one in self.resources]
        span = {"start": self.start, "end": self.end}
        if self.start or self.end:
            found["dataPeriod"] = {name: day.isoformat() for name, day in span.items() if day}
        return found


WHOLE = Extent()


async def check(record: Record, patient: str, extent: Extent) -> None:
    """Raises Problem 422 for what is no part of this patient's record, 404 for a resource the asker may not see."""
    wrong = next((name for name in extent.types if name not in OF_PATIENTS or name in _ALWAYS), None)
    if wrong is not None:
        raise problem(
            422, "value", f"{wrong[:40]} is no part of a record that can be closed", "Consent.provision.class"
        )
    if any(not system or not code for system, code in extent.labels):
        raise problem(422, "value", "a label has a system and a code", "Consent.provision.securityLabel")
    if extent.start and extent.end and extent.end < extent.start:
        raise problem(422, "value", "the care ended before it began", "Consent.provision.dataPeriod")
    for one in extent.resources:
        await _belongs(record, patient, one)


async def _belongs(record: Record, patient: str, resource: str) -> None:
    type_name, _, id = resource.partition("/")
    wrong = problem(422, "value", "this is not in the patient's record", "Consent.provision.data")
    if type_name not in OF_PATIENTS or type_name in _ALWAYS or not id:
        raise wrong
    if (await record.read(type_name, id)).patient != key64(patient):
        raise wrong
