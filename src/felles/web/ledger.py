"""The addresses of the ledger of duties."""

from felles.web import balance, duties, duties_bulk, duties_one

LEDGER = [*duties.ROUTES, *duties_bulk.ROUTES, *duties_one.ROUTES, *balance.ROUTES]
"""Lists before single duties: `/duties/live` is no number."""
LISTS = [*duties.PLACES, *balance.PLACES]
