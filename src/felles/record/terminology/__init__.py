"""Code systems and value sets (https://hl7.org/fhir/R4/terminology-service.html)."""
