"""The roll-out: units in waves, their tasks, gates that the record's own events answer, and plans that follow them.

Stands beside the house: it knows no patient and no resource. What it must know of the running record it asks for
through `evidence.Source`, which others fill.
"""
