"""People and the sessions in which they work (floor 2)."""
