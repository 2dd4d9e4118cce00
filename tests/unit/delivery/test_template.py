"""Templates: each one that comes with Felles can be used, and one that forgets a receiver cannot."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from felles.delivery.template import LANGUAGES, filled, read, shipped
from felles.record.outcome import Problem

TEXTS = {
    one.name: one.read_text("utf-8")
    for one in (resources.files("felles.delivery") / "data").iterdir()
    if one.name.endswith(".toml")
}


def said(text: str) -> str:
    with pytest.raises(Problem) as refused:
        read(text)
    assert refused.value.status == 422
    return " | ".join(issue.diagnostics for issue in refused.value.issues)


@pytest.mark.parametrize("name", TEXTS)
def test_what_comes_with_felles_can_be_used(name: str) -> None:
    made = read(TEXTS[name])
    assert made.code == name.removesuffix(".toml") and made.roles
    assert {"nb", "nn"} <= made.words.keys()
    assert shipped()[made.code] == made


@pytest.mark.parametrize("name", TEXTS)
def test_without_one_of_its_receiver_rules_a_template_is_refused(name: str) -> None:
    parts = re.split(r"(?=^\[\[receiver\]\])", TEXTS[name], flags=re.MULTILINE)
    for place in range(1, len(parts)):
        lost = re.sub(r"\A\[\[receiver\]\]\n(?:\w.*\n)+", "", parts[place])
        role = re.search(r'role = "(\w+)"', parts[place])
        mutated = "".join([*parts[:place], lost, *parts[place + 1 :]])
        assert role is not None and f"the template is for {role[1]}" in said(mutated)


def test_every_fault_is_named_at_once() -> None:
    text = TEXTS["appointment.toml"]
    bad = text.replace('from = "gp"', 'from = "nowhere"').replace("{unit.phone}", "{unit.fax}").replace("{text}", "{")
    told = said(bad)
    assert "'nowhere'" in told and "{unit.fax}" in told and "a brace that is no field" in told
    assert "empty" in said(re.sub(r"roles = .*", "roles = []", text))
    assert "TOML" in said("code = ")
    assert "[nb]" in said(text.replace("[nb]", "[xx]"))


def test_a_referrer_is_not_looked_for_where_there_is_none() -> None:
    text = TEXTS["right.toml"].replace('about = "EpisodeOfCare"', 'about = "Patient"')
    assert "a receiver referrer cannot be found" in said(text)


def test_what_is_not_known_is_named_and_text_may_be_empty() -> None:
    assert filled("Hei {patient.name}. {text}", {"patient.name": "Kari"}) == "Hei Kari. "
    with pytest.raises(Problem, match=r"\{unit.phone\}"):
        filled("Ring {unit.phone}", {"unit.phone": ""})
    assert len(LANGUAGES) == 3
