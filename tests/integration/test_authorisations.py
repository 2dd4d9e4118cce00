"""`felles authorisations` on each engine."""

import asyncio
import json

from click.testing import CliRunner

from felles.app import LINES, RULES
from felles.cli import main
from felles.record.record import Record
from tests.integration.region import build, role


async def _fill(store: str) -> None:
    record = await Record.open(store, RULES, lines=LINES)
    await build(record)
    await record.update(role("zone", "SP", "town", period={"end": "2026-06-30"}))
    await record.close()


def test_the_register_is_printed_for_a_day_a_person_and_a_unit(store_url: str) -> None:
    asyncio.run(_fill(store_url))
    asked = ["authorisations", "--store", store_url]
    clinic = CliRunner().invoke(main, [*asked, "--unit", "Organization/clinic"])
    assert clinic.exit_code == 0, clinic.output
    assert clinic.output.splitlines()[-1] == "5 authorisations"
    (nurse,) = json.loads(CliRunner().invoke(main, [*asked, "--person", "Practitioner/nurse", "--json"]).output)
    assert (nurse["code"], nurse["unit"], nurse["grantedBy"]) == ("SP", "Organization/ward", None)
    assert "Observation" in nurse["read"] and "MedicationRequest" not in nurse["create"] and not nurse["delete"]
    assert json.loads(CliRunner().invoke(main, [*asked, "--person", "Practitioner/zone", "--json"]).output) == []
    assert json.loads(CliRunner().invoke(main, [*asked, "--day", "2020-01-01", "--json"]).output) == []
