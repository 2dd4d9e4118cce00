"""Apps: SMART App Launch 2.2 on FHIR, with an authorization server of our own (https://hl7.org/fhir/smart-app-launch)."""
