"""The addresses of clerical work: referrals, booking, calendars, the paper door, and what patients see of it."""

from felles.web import coding, diary, refer, referral_document, referral_list, referral_one, referral_time

CLERICAL = [
    *referral_list.ROUTES,
    *referral_time.ROUTES,
    *referral_document.ROUTES,
    *referral_one.ROUTES,
    *refer.ROUTES,
    *coding.ROUTES,
    *diary.ROUTES,
]
"""Booking before the acts on one referral: `/referrals/{id}/book` is no act of the period."""
COUNTERS = [*referral_list.PLACES, *diary.PLACES]
