"""The addresses of letters: a patient's, for staff."""

from felles.web import letter_new, letter_patient

LETTERS = [*letter_new.ROUTES, *letter_patient.ROUTES]
