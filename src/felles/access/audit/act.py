"""What an act is called in AuditEvent.type, subtype and action (https://hl7.org/fhir/R4/valueset-audit-event-type.html)."""

from dataclasses import dataclass

from felles.access.audit.row import Act

Coding = tuple[str, str, str]
"""System, code, display."""
REST: Coding = ("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation")
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
OWN = "urn:felles:act"


@dataclass(frozen=True, slots=True)
class Kind:
    """`type`, the public subtype where there is one, and AuditEvent.action: C, R, U, D or E."""

    type: Coding
    action: str
    subtype: Coding | None = None


def _rest(code: str, action: str) -> Kind:
    return Kind(REST, action, (INTERACTION, code, code))


_EXPORT: Coding = (DICOM, "110106", "Export")
_AUTHENTICATION: Coding = (DICOM, "110114", "User Authentication")

KINDS: dict[Act, Kind] = {
    Act.READ: _rest("read", "R"),
    Act.SEARCH: _rest("search-type", "E"),
    Act.HISTORY: _rest("history", "R"),
    Act.CREATE: _rest("create", "C"),
    Act.UPDATE: _rest("update", "U"),
    Act.DELETE: _rest("delete", "D"),
    Act.OPERATION: _rest("operation", "E"),
    Act.PRINT: Kind(_EXPORT, "R"),
    Act.EXPORT: Kind(_EXPORT, "R"),
    Act.MESSAGE: Kind((LIFECYCLE, "transmit", "Transmit Record Lifecycle Event"), "E"),
    Act.FIND: _rest("search-type", "E"),
    Act.SIGN_IN: Kind(_AUTHENTICATION, "E", (DICOM, "110122", "Login")),
    Act.SIGN_OUT: Kind(_AUTHENTICATION, "E", (DICOM, "110123", "Logout")),
    Act.EMERGENCY: Kind((DICOM, "110113", "Security Alert"), "E", (DICOM, "110127", "Emergency Override Started")),
    Act.TOKEN: Kind(_AUTHENTICATION, "E"),
}


def own_code(act: Act) -> str:
    """The act in the house's own words: `sign-in`."""
    return act.name.lower().replace("_", "-")


def of_code(token: str) -> frozenset[Act]:
    """The acts whose type or subtype a search token means, `code` or `system|code`."""
    system, bar, code = token.rpartition("|")
    return frozenset(
        act
        for act, kind in KINDS.items()
        for one in (kind.type, kind.subtype, (OWN, own_code(act), ""))
        if one is not None and one[1] == code and (not bar or one[0] == system)
    )
