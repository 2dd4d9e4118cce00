"""Sessions that were signed out before their time. A cookie copied earlier is then worth nothing in this process."""

from felles.access.session import ABSOLUTE_SECONDS, Session


class Ended:
    """Ids of ended sessions, forgotten once their absolute limit has passed anyway."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def add(self, session: Session, now: float) -> None:
        self._until = {id: until for id, until in self._until.items() if until > now}
        self._until[session.id] = session.started + ABSOLUTE_SECONDS

    def __contains__(self, session: Session) -> bool:
        return session.id in self._until
