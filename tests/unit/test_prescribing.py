"""What speaks against a prescription and against a dose now."""

from __future__ import annotations

from decimal import Decimal

import pytest

from felles.clinical.check import Cause, Severity, Taken, warnings
from felles.clinical.dose import written
from felles.clinical.dose_reading import parsed
from felles.clinical.giving import DAY, HOUR, Given, asks
from felles.clinical.product import List, Product, like

SOURCE = List()
EVERY = [one for letter in "abcdefghijklmnopqrstuvwxyz" for one in SOURCE.find(letter)]


def product(key: str) -> Product:
    found = SOURCE.product(key)
    assert found is not None
    return found


def told(key: str, dose: str, *taken: Taken, allergy: str = "") -> dict[Cause, Severity]:
    allergies = [{"id": "a", "code": {"text": allergy}}] if allergy else []
    return {one.cause: one.severity for one in warnings(product(key), parsed(dose), taken, allergies)}


@pytest.mark.parametrize("one", {one.key: one for one in EVERY}.values(), ids=lambda one: one.key)
def test_what_is_offered_first_can_be_read_is_safe_and_is_written_the_same(one: Product) -> None:
    for text in one.usual:
        dose = parsed(text)
        assert written(dose) == text and one.amount(dose) is not None
        assert not [each for each in warnings(one, dose, (), ()) if each.severity is not Severity.NOTE]


def test_a_weekly_medicine_is_stopped_when_it_is_daily() -> None:
    assert told("metotreksat-2.5", "6 tabletter 1 gang daglig") == {Cause.WEEKLY: Severity.STOP}
    assert told("metotreksat-2.5", "6 tabletter på mandag og torsdag") == {Cause.WEEKLY: Severity.STOP}
    assert told("metotreksat-2.5", "6 tabletter på mandag") == {}
    assert told("metotreksat-2.5", "1 tablett ved behov") == {Cause.WEEKLY: Severity.STOP}


def test_interactions_allergies_and_duplicates_are_found_both_ways() -> None:
    warfarin, ibuprofen = Taken("M/1", "B01AA03", "Warfarin"), Taken("M/2", "M01AE01", "Ibux")
    assert told("ibuprofen-400", "1 tablett daglig", warfarin) == {Cause.INTERACTION: Severity.SERIOUS}
    assert told("warfarin-2.5", "1 tablett daglig", ibuprofen) == {Cause.INTERACTION: Severity.SERIOUS}
    assert told("ibuprofen-400", "1 tablett daglig", ibuprofen)[Cause.DUPLICATE] is Severity.SERIOUS
    assert told("naproksen-500", "1 tablett daglig", ibuprofen) == {Cause.GROUP: Severity.NOTE}
    assert told("amoksicillin-500", "1 kapsel daglig", allergy="Penicillin V") == {Cause.ALLERGY: Severity.SERIOUS}
    assert told("doksysyklin-100", "1 tablett daglig", allergy="Penicillin V") == {}
    refuted = {"code": {"text": "Penicillin"}, "verificationStatus": {"coding": [{"code": "refuted"}]}}
    assert warnings(product("amoksicillin-500"), parsed("1 kapsel daglig"), (), [refuted]) == []


def test_too_much_in_a_day_and_a_unit_that_is_not_the_medicines() -> None:
    assert told("paracetamol-500", "2 tabletter 6 ganger daglig") == {Cause.TOO_MUCH: Severity.SERIOUS}
    assert told("paracetamol-500", "1 g 4 ganger daglig") == {}
    assert product("paracetamol-500").amount(parsed("1 g daglig")) == 1000
    assert product("paracetamol-500").amount(parsed("10 ml daglig")) is None
    assert product("insulin-glargin").amount(parsed("10 mg daglig")) is None


def test_a_dose_too_soon_or_beyond_the_days_most_is_asked_about() -> None:
    one = product("paracetamol-1g")
    earlier = [Given("g", "Paracetamol 500 mg tablett", "N02BE01", Decimal(2), "tablett", 10 * HOUR)]
    assert asks(one, Decimal(1000), earlier, 13 * HOUR) == "too-soon"
    assert asks(one, Decimal(1000), earlier, 14 * HOUR) == ""
    assert asks(one, Decimal(3000), earlier, 15 * HOUR) == ""
    assert asks(one, Decimal(3001), earlier, 15 * HOUR) == "too-much"
    assert asks(one, Decimal(4000), earlier, 10 * HOUR + DAY) == ""


def test_a_medicine_that_is_not_listed_is_known_by_its_name_and_code() -> None:
    other = like("N02BE01", "Paracet 250 mg tablett", "tablett")
    assert other.amount(parsed("2 tabletter daglig")) == 500 and other.most == 4000
    assert (
        like("L04AX03", "Metex 10 mg", "tablett").weekly and like("N02BE01", "Paracetamol 1 g tablett", "tablett").key
    )
    assert like("", "Noe ukjent", "").amount(parsed("1 dose daglig")) == 1


def test_every_word_finds_by_its_beginning() -> None:
    assert [each.key for each in SOURCE.find("parac 500")] == ["paracetamol-500"]
    assert {each.atc for each in SOURCE.find("n02be")} == {"N02BE01"}
    assert SOURCE.find("") == [] and SOURCE.find("finnesikke") == []
