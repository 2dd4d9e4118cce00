"""Garbage collection of a process that serves: what it has loaded stays, so that nobody waits while it is looked at."""

import gc


def settle() -> None:
    """Once everything is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
