"""Sessions that were signed out before their time. A cookie copied earlier is then worth nothing.

All server processes of one machine share a folder that only they can read, named after their common secret.
"""

import tempfile
from pathlib import Path

from felles.access.session import ABSOLUTE_SECONDS, Session, signature


class Ended:
    """One empty file for each ended session, removed once its absolute limit has passed anyway."""

    def __init__(self, secret: bytes, parent: Path | None = None) -> None:
        name = "felles-" + signature(secret, "ended", "")[:24]
        self._folder = (parent or Path(tempfile.gettempdir())) / name

    def add(self, session: Session, now: float) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for file in self._folder.iterdir():
            if float(file.name.partition("-")[0]) < now:
                file.unlink(missing_ok=True)
        self._file(session).touch(mode=0o600)

    def __contains__(self, session: Session) -> bool:
        return self._file(session).exists()

    def _file(self, session: Session) -> Path:
        return self._folder / f"{session.started + ABSOLUTE_SECONDS}-{session.id}"
