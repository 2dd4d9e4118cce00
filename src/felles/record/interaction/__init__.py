"""The interactions of FHIR R4 REST, one file each. Each takes the record and a request, and gives an answer."""
