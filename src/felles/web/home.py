"""The pages of patients, for site.py: the own record, what is closed in it, and acting for others."""

from felles.web import own, own_acting, own_lock

HOME = [*own.ROUTES, *own_lock.ROUTES, *own_acting.ROUTES]
ROOMS = [*own.PLACES, *own_lock.PLACES, *own_acting.PLACES]
