"""The record: versioned FHIR R4 resources in one store."""
