"""Index rows: what a search may ask of a resource."""
