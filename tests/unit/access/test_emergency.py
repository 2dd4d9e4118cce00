"""The words and the form of an emergency opening."""

from typing import Any

import pytest

from felles.access.consent import Said, Span
from felles.access.emergency import (
    _REASONS,
    ALARM,
    HOURS,
    LEAST_WORDS,
    REASON_SYSTEM,
    REASONS,
    build,
    ends,
    language,
    notice,
    reason_of,
)
from felles.access.ground import Kind
from felles.access.wish import Wishes, kind_of
from felles.record.index.relation import Ground, relations
from felles.record.index.value import key64
from felles.record.validation import validate

NOW = 1_795_000_000_000_000
SPAN = Span(NOW, NOW + HOURS * 3_600_000_000)
SAID = Said("Practitioner/n", "Organization/w", "En lang forklaring", {"system": REASON_SYSTEM, "code": "life"})


def test_it_is_an_opening_that_ends_by_itself() -> None:
    made = build("Patient/a", "Practitioner/n", SAID, SPAN)
    assert not validate("Consent", made) and kind_of(made) is Kind.EMERGENCY
    read = Wishes()
    read.add(made)
    (found,) = read.openings
    assert found.emergency and found.part.whole and found.named == {key64("Practitioner/n")}
    assert ends(made) == SPAN.high
    assert [(row[0], row[1], row[2]) for row in relations("Consent", made)] == [
        (key64("Practitioner/n"), Ground.EMERGENCY.value, NOW)
    ]
    assert reason_of(made) == ("life", "En lang forklaring")
    assert "verification" not in made


def test_an_alarm_stands_on_it() -> None:
    assert build("Patient/a", "Practitioner/n", SAID, SPAN, alarmed=True)["meta"]["tag"] == [ALARM]


@pytest.mark.parametrize("tongue", ["nb", "nn", "en"])
@pytest.mark.parametrize("reason", REASONS)
def test_the_patient_is_told_in_their_language(tongue: str, reason: str) -> None:
    said = notice(tongue, "Nina Lege", "Legevakten", reason, SPAN)
    assert "Nina Lege" in said and "18.11.2026 12:06" in said and "18.11.2026 16:06" in said and "{" not in said
    assert _REASONS.get(tongue, REASONS)[reason] in said


def test_every_reason_has_words_in_every_language() -> None:
    assert all(reasons.keys() == REASONS.keys() for reasons in _REASONS.values())
    assert LEAST_WORDS == 10


@pytest.mark.parametrize(
    ("codes", "tongue"),
    [([], "nb"), (["nn"], "nn"), (["nb-NO"], "nb"), (["pl"], "en"), (["sma"], "nb"), (["en", "nn"], "en")],
)
def test_the_language_is_the_preferred_one(codes: list[str], tongue: str) -> None:
    spoken: list[dict[str, Any]] = [
        {"language": {"coding": [{"code": code}]}, "preferred": number == 0} for number, code in enumerate(codes)
    ]
    assert language({"communication": spoken[::-1]}) == tongue
