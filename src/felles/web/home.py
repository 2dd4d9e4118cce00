"""The pages of patients, for site.py: the own record, what is closed in it, powers of attorney, and acting for others."""

from felles.web import own, own_acting, own_lock, own_power

HOME = [*own.ROUTES, *own_lock.ROUTES, *own_power.ROUTES, *own_acting.ROUTES]
ROOMS = [*own.PLACES, *own_lock.PLACES, *own_power.PLACES, *own_acting.PLACES]
