"""The addresses of letters, for site.py: a patient's, a unit's, the print room, and the templates."""

from felles.web import letter_new, letter_patient, letter_run, letter_template, letter_unit, printing

LETTERS = [
    *letter_new.ROUTES,
    *letter_patient.ROUTES,
    *letter_run.ROUTES,
    *letter_unit.ROUTES,
    *printing.ROUTES,
    *letter_template.ROUTES,
]
"""Runs before single letters: `/letters/run` is no letter."""
POST = [*letter_unit.PLACES, *printing.PLACES, *letter_template.PLACES]
