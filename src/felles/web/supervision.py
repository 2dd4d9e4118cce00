"""The addresses of those who oversee the staff: the register of authorisations."""

from felles.web import authorisations, granting, staff

SUPERVISION = [*authorisations.ROUTES, *staff.ROUTES, *granting.ROUTES]
OFFICES = [*authorisations.PLACES]
