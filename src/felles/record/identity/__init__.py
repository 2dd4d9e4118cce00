"""Who is who: matching, newborn and unknown persons, merging and its undoing, facts written on the wrong patient.

Numbers are attributes of a Patient, never its key: a number may come, change and go while the record stays.
"""
