"""The page on access says what the policy says."""

import re
from pathlib import Path

from felles.access.grace import GRACE
from felles.access.right import OF_ROLE

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "access.md").read_text(encoding="utf-8")


def test_the_page_names_every_role_that_the_policy_has() -> None:
    roles = PAGE.partition("## Roles")[2].partition("## Between")[0]
    rows = [line.split("|")[1] for line in roles.splitlines() if line.startswith("| `")]
    assert {code for row in rows for code in re.findall(r"`(\w+)`", row)} == set(OF_ROLE)


def test_the_page_gives_the_days_of_the_policy() -> None:
    found = {}
    for line in PAGE.splitlines():
        cells = [one.strip() for one in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].upper() in GRACE_NAMES:
            found[cells[0].upper()] = tuple(int(re.sub(r"\D", "", cell) or 0) for cell in cells[2:])
    assert found == {name: (grace.before, grace.after) for name, grace in GRACE_NAMES.items() if name in found}
    assert len(found) == 8


GRACE_NAMES = {ground.name: grace for ground, grace in GRACE.items()}
