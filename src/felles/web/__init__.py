"""The face of Felles: HTML pages in bokmål, nynorsk and English (floor 7)."""

from felles.web.site import pages

__all__ = ["pages"]
