"""FHIR over HTTP (https://hl7.org/fhir/R4/http.html): an address is parsed, one interaction called, one answer made."""
