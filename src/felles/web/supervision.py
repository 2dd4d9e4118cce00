"""The addresses of those who oversee the staff: the register of authorisations, and oversight of the log."""

from felles.web import authorisations, granting, insight, oversight, staff

SUPERVISION = [*authorisations.ROUTES, *staff.ROUTES, *granting.ROUTES, *oversight.ROUTES, *insight.ROUTES]
OFFICES = [*oversight.PLACES, *authorisations.PLACES]
