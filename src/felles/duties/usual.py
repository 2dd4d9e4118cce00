"""What is usual on such a day, and how improbable another number is. Pure.

The usual is the median of the same weekday in the weeks before, days off left out; a day is told of when its number
would come less than once in ten thousand days even if twice or half of the usual were to be expected.
"""

from collections.abc import Mapping
from math import exp, lgamma, log, log1p
from statistics import median

from felles.duties.calendar import NORWAY, day_of

WEEKS = 8
"""How far back the usual is looked for."""
FEWEST = 8
"""Days on which something happened before anything is called usual."""
IMPROBABLE = 1e-4
SPREAD = 0.5
"""A day may have half as many as usual, or twice as many, and still be of its kind."""
Series = dict[int, int]
"""Day → count."""


def usual_on(before: Mapping[int, int], day: int) -> float | None:
    """The usual number of a day (days since 1970); None on a day when nobody works, or while nothing is usual yet."""
    if len(before) < FEWEST or not NORWAY.works_on(day_of(day)):
        return None
    past = [day - 7 * week for week in range(1, WEEKS + 1)]
    return median([before.get(one, 0) for one in past if NORWAY.works_on(day_of(one))] or [0])


def binomial(found: int, of: int, share: float) -> float:
    """The probability of at most `found` of `of`, each with probability `share` between 0 and 1, both excluded."""
    ways = (lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1) for count in range(found + 1))
    return min(1.0, sum(exp(many + n * log(share) + (of - n) * log1p(-share)) for n, many in enumerate(ways)))


def poisson(found: int, usual: float) -> float:
    """The probability of at most `found` where `usual` are to be expected."""
    if usual <= 0:
        return 1.0
    return min(1.0, sum(exp(count * log(usual) - usual - lgamma(count + 1)) for count in range(found + 1)))


def fewer(found: int, usual: float) -> bool:
    """Whether a number is improbably small, none at all included."""
    return poisson(found, usual * SPREAD) < IMPROBABLE


def more(found: int, usual: float) -> bool:
    """Whether a number is improbably large."""
    return found > 0 and 1 - poisson(found - 1, max(usual, 1.0) / SPREAD) < IMPROBABLE
