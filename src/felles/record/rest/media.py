"""Media types of FHIR's JSON (https://hl7.org/fhir/R4/http.html#mime-type)."""

from felles.record.rest.message import Request

FORMATS = ("json", "application/json", "application/fhir+json", "text/json", "application/json+fhir")


def is_fhir(content_type: str) -> bool:
    """Whether a body of this type is JSON of a resource, or a patch or form that is read as such."""
    return content_type.partition(";")[0].strip().lower() in FORMATS


def wants_fhir(accept: str) -> bool:
    """Whether Accept names JSON, or nothing."""
    ranges = [one.partition(";")[0].strip().lower() for one in accept.split(",")]
    return not accept or any(one in FORMATS for one in ranges)


def takes_content(request: Request) -> bool:
    """Whether a body of any type can be meant as the content of a Binary (binary.html#rest)."""
    place, _, id = request.path.partition("/")
    return place == "Binary" and request.method in ("POST", "PUT") and not id.startswith(("_", "$")) and "/" not in id
