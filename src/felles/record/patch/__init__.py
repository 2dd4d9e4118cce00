"""Patching resources (https://hl7.org/fhir/R4/http.html#patch): JSON Patch and FHIRPath Patch.

Both take bytes or parsed data, leave their input alone, keep the digits of every number they do not touch (write
the result with `document.serialise`), and raise Problem: 400 for a malformed patch, 422 for one that does not fit.
"""

from felles.record.patch.fhirpath_patch import fhirpath_patch
from felles.record.patch.json_patch import json_patch

__all__ = ["fhirpath_patch", "json_patch"]
