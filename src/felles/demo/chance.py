"""Repeatable chance: a random source for each name, so that one person's record does not change another's."""

from random import Random


def source(*parts: object) -> Random:
    """A random source that depends on these parts alone (never on the wall clock or on Python's hash seed)."""
    return Random("/".join(map(str, parts)))  # noqa: S311
