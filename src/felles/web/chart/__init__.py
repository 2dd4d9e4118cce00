"""FHIR resources as plain dicts in, what a page shows out. Pure functions; words are msgids in bokmål."""
