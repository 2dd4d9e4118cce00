"""A store that comes from a backup knows of no sign-out since: everybody signs in anew."""

from __future__ import annotations

import asyncio
from pathlib import Path

from click.testing import CliRunner

from felles.access.attempt import give, take
from felles.access.entrance import enter
from felles.access.session import Proof, session_of, sessions_of
from felles.app import LINES, RULES
from felles.cli import main
from felles.record.record import Record

NOW = 1_800_000_000.0


async def test_nobody_is_signed_in_to_a_store_from_a_backup(store_url: str, tmp_path: Path) -> None:
    record = await Record.open(store_url, RULES, lines=LINES)
    begun = await enter(record, Proof("Practitioner/kari", 4, "helseid", "s", int(NOW)), None, NOW, secure=False)
    assert begun is not None
    token = await give(record, "kind", "holder", {}, NOW, 60)
    await record.close()
    for words in (["backup", str(tmp_path / "copy")], ["restore", str(tmp_path / "copy"), "--replace"]):
        done = await asyncio.to_thread(CliRunner().invoke, main, [*words, "--store", store_url])
        assert done.exit_code == 0, done.output
    restored = await Record.open(store_url, RULES, lines=LINES)
    assert await session_of({"felles_session": begun[1]}, restored, NOW) is None
    assert await sessions_of(restored, "Practitioner/kari", NOW) == []
    assert await take(restored, "kind", "holder", token, NOW) is None
    await restored.close()
