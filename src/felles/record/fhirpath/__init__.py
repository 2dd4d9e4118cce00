"""FHIRPath (http://hl7.org/fhirpath/N1) with the additions of FHIR R4 (http://hl7.org/fhir/R4/fhirpath.html).

compile("name.where(use = 'official').given")(patient)  ->  ["Peter", "James"]
compile("contact.all(name.exists() or telecom.exists())").test(patient)  ->  True
"""

from felles.record.fhirpath.context import Terminology
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.expression import Expression, compile
from felles.record.fhirpath.node import Node, root

__all__ = ["Expression", "FhirPathError", "Node", "Terminology", "compile", "root"]
