"""The addresses of clerical work: referrals, booking, the paper door, and what patients see of it."""

from felles.web import referral_list

CLERICAL = [*referral_list.ROUTES]
COUNTERS = [*referral_list.PLACES]
