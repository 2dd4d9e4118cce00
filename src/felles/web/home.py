"""The pages of patients, for site.py: the own record, what is closed in it, powers of attorney, acting for others; and
what staff take down on a patient's word."""

from felles.web import own, own_acting, own_appointment, own_letter, own_lock, own_power, own_referral, patient_wish

HOME = [
    *own.ROUTES,
    *own_appointment.ROUTES,
    *own_referral.ROUTES,
    *own_letter.ROUTES,
    *own_lock.ROUTES,
    *own_power.ROUTES,
    *own_acting.ROUTES,
    *patient_wish.ROUTES,
]
ROOMS = [
    *own.PLACES,
    *own_appointment.PLACES,
    *own_referral.PLACES,
    *own_letter.PLACES,
    *own_lock.PLACES,
    *own_power.PLACES,
    *own_acting.PLACES,
]
