"""What happens to a patient, one kind of FHIR resource at a time."""
