"""Index rows: what a search may ask of a resource."""

from felles.record.index.extraction import Rows, extract

__all__ = ["Rows", "extract"]
