"""The addresses of the clinician's day: what is read and written of one patient."""

from felles.web import drug_chart, medicine, medicine_new, note, order, prescription, problem, reconcile, seen, vitals

CHART = [
    *medicine_new.ROUTES,
    *prescription.ROUTES,
    *reconcile.ROUTES,
    *drug_chart.ROUTES,
    *medicine.ROUTES,
    *seen.ROUTES,
    *vitals.ROUTES,
    *note.ROUTES,
    *order.ROUTES,
    *problem.ROUTES,
]
"""The new one before the acts on a line."""
