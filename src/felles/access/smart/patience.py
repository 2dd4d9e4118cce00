"""How often an address may fail to show who it is before it must wait: guessing secrets gets nowhere."""

from collections import deque

FAILURES, WINDOW_SECONDS = 20, 60
MAX_ADDRESSES = 10_000


class Patience:
    """Failures by address, in this process, within the last WINDOW_SECONDS."""

    def __init__(self) -> None:
        self._failed: dict[str, deque[float]] = {}

    def waits(self, address: str, now: float) -> int:
        """Seconds until the address may try again; 0 when it may now."""
        moments = self._failed.get(address)
        while moments and moments[0] <= now - WINDOW_SECONDS:
            moments.popleft()
        if not moments:
            self._failed.pop(address, None)
            return 0
        return int(moments[0] + WINDOW_SECONDS - now) + 1 if len(moments) >= FAILURES else 0

    def failed(self, address: str, now: float) -> None:
        """Notes a failure."""
        if len(self._failed) >= MAX_ADDRESSES:
            self._failed.pop(next(iter(self._failed)))
        self._failed.setdefault(address, deque(maxlen=FAILURES)).append(now)
