"""The made-up demo region: all people, staff, addresses and numbers are invented ("Øvingsdata").

Only health trusts, hospitals and municipalities bear real names.
"""

from felles.demo.people import DemoPerson, people
from felles.demo.region import region
from felles.demo.resource import TAG
from felles.demo.story import STORY

__all__ = ["STORY", "TAG", "DemoPerson", "people", "region"]
