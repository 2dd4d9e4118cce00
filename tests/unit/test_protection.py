"""Protected addresses: what a body shows, what of it is indexed, what may be written back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.record import protection
from felles.record.index import extract
from felles.record.outcome import Problem
from felles.record.validation import validate

ADDRESS = {"line": ["Hemmeligveien 7"], "postalCode": "7004", "city": "Hemmeligstad"}
PHONE = {"system": "phone", "value": "+47 00 99 88 77"}


def label(code: str = "6") -> dict[str, Any]:
    return {"security": [{"system": protection.PROTECTION, "code": code}]}


def person(type_name: str = "Patient", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": type_name, "id": "a", "meta": label(), "telecom": [PHONE],
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Hemmeligveien 7</div>'},
    }  # fmt: skip
    if type_name == "Patient":
        found["contact"] = [{"name": {"family": "Hemmelig"}, "address": ADDRESS, "telecom": [PHONE]}]
        found["birthDate"] = "2001-02-03"
    found["address"] = ADDRESS if type_name == "Location" else [ADDRESS]
    if type_name == "RelatedPerson":
        found["patient"] = {"reference": "Patient/b"}
    return found | more


def raw(resource: dict[str, Any], **options: Any) -> bytes:
    return json.dumps(resource, separators=(",", ":"), **options).encode()


SECRETS = (b"emmelig", b"7004", b"99 88 77")


@pytest.mark.parametrize("type_name", protection.PRIVATE)
def test_where_somebody_is_does_not_leave(type_name: str) -> None:
    shown = protection.mask(type_name, raw(person(type_name)))
    assert not [word for word in SECRETS if word in shown]
    assert protection.is_redacted(shown) and protection.is_protected(shown)
    assert not [issue for issue in validate(type_name, json.loads(shown)) if issue.severity == "error"]


def test_all_else_stays_byte_for_byte() -> None:
    body = raw(person(multipleBirthInteger=2)).replace(
        b'"multipleBirthInteger":2', b'"name":[{"family":"\\u00d8 \\/"}],"x":1.00'
    )
    shown = protection.mask("Patient", body)
    assert b'"name":[{"family":"\\u00d8 \\/"}]' in shown and b'"x":1.00' in shown
    assert shown.startswith(
        b'{"resourceType":"Patient","id":"a","meta":{"security":[{"system":"urn:felles:protection",'
    )
    assert list(json.loads(shown)) == ["resourceType", "id", "meta", "birthDate", "name", "x"]


def test_masking_twice_is_masking_once() -> None:
    once = protection.mask("Patient", raw(person()))
    assert protection.mask("Patient", once) == once


def test_what_is_not_protected_is_the_very_same_body() -> None:
    body = raw(person() | {"meta": {"security": [{"system": "urn:other", "code": "6"}]}})
    assert protection.mask("Patient", body) is body


def test_a_label_counts_wherever_the_server_put_its_own_elements() -> None:
    head = b'{"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2026-11-22T10:00:00.000000Z"'
    rest = b',"address":[{"city":"Hemmeligstad"}]}'
    assert protection.is_protected(head + b"," + raw(label())[1:] + rest)
    assert not protection.is_protected(head + b"}" + rest)


def test_a_mention_of_the_system_protects_nothing() -> None:
    body = raw({"resourceType": "Basic", "meta": {"tag": []}, "code": {"text": protection.PROTECTION}})
    assert protection.mask("Basic", body) is body


def test_escapes_hide_no_label_and_no_address() -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in protection.PROTECTION).encode()
    body = raw(person()).replace(protection.PROTECTION.encode(), escaped).replace(b'"address"', b'"\\u0061ddress"')
    assert protection.PROTECTION.encode() not in body
    shown = protection.mask("Patient", body)
    assert not [word for word in SECRETS if word in shown]


def test_extensions_and_contained_persons_tell_nothing() -> None:
    birthplace = {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": ADDRESS}
    other = {"url": "urn:x", "valueBoolean": True}
    shown = json.loads(protection.mask("Patient", raw(person(extension=[birthplace, other]))))
    assert shown["extension"] == [other]
    inner = {"resourceType": "RelatedPerson", "id": "r", "address": [ADDRESS], "name": [{"family": "B"}]}
    appointment = {"resourceType": "Appointment", "meta": label("7"), "contained": [inner], "status": "booked"}
    masked = protection.mask("Appointment", raw(appointment))
    assert json.loads(masked)["contained"] == [{"resourceType": "RelatedPerson", "id": "r", "name": [{"family": "B"}]}]


@pytest.mark.parametrize(("codes", "found"), [(["7"], "7"), (["7", "6"], "6"), (["6"], "6"), ([], None)])
def test_the_stricter_protection_counts(codes: list[str], found: str | None) -> None:
    labels = [{"system": protection.PROTECTION, "code": code} for code in codes]
    assert protection.protection_of({"meta": {"security": labels}}) == found
    assert protection.is_protected(raw({"resourceType": "Patient", "meta": {"security": labels}})) == bool(found)


def test_no_address_or_telephone_of_a_protected_person_is_indexed() -> None:
    open_, hidden = extract("Patient", person() | {"meta": {}}), extract("Patient", person())
    assert any("hemmelig" in text for _, text, _ in open_.texts)
    assert not [text for _, text, _ in hidden.texts if "hemmelig" in text or "7004" in text]
    assert len(hidden.tokens) < len(open_.tokens) + 1
    gone = {(term, key) for term, key, _ in open_.tokens} - {(term, key) for term, key, _ in hidden.tokens}
    assert gone
    assert hidden.dates == open_.dates


def test_what_was_read_without_the_address_is_not_written_back() -> None:
    shown = protection.mask("Patient", raw(person()))
    with pytest.raises(Problem) as refused:
        protection.refuse_redacted("Patient", shown)
    assert refused.value.status == 422 and "REDACTED" in str(refused.value)
    protection.refuse_redacted("Patient", raw(person()))


def test_no_update_lifts_the_protection() -> None:
    protection.refuse_uncovering(raw(person()), raw(person(active=True)))
    protection.refuse_uncovering(raw(person() | {"meta": {}}), raw(person()))
    with pytest.raises(Problem):
        protection.refuse_uncovering(raw(person()), raw(person() | {"meta": {}}))


def test_of_a_deleted_person_every_version_hides_it() -> None:
    assert protection.hides_older("Patient", None)
    assert not protection.hides_older("Observation", None)
    assert protection.hides_older("Patient", raw(person()))
    assert not protection.hides_older("Patient", raw(person() | {"meta": {}}))


def test_an_answer_hides_it_at_any_depth() -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": person()}, {"resource": person() | {"meta": {}}}]}
    shown = json.loads(protection.mask_within(raw({"resourceType": "Parameters", "parameter": [{"resource": bundle}]})))
    first, second = shown["parameter"][0]["resource"]["entry"]
    assert "address" not in first["resource"] and second["resource"]["address"]
    plain = raw({"resourceType": "Parameters", "parameter": [{"name": "x", "valueDecimal": 1.0}]})
    assert protection.mask_within(plain) is plain


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(max_size=10), _json, max_size=6), st.sampled_from(sorted(protection.PRIVATE)), st.booleans()
)
def test_only_what_is_private_goes(members: dict[str, Any], type_name: str, ascii: bool) -> None:
    reserved = ("resourceType", "meta", "extension", "modifierExtension", "contained", "id")
    members = {name: value for name, value in members.items() if name not in reserved}
    hidden = protection.PRIVATE[type_name]
    body = raw(
        {"resourceType": type_name, "meta": label(), **members, **{name: [ADDRESS] for name in hidden}},
        ensure_ascii=ascii,
    )
    shown = json.loads(protection.mask(type_name, body))
    assert {n: v for n, v in shown.items() if n not in ("resourceType", "meta")} == {
        n: v for n, v in members.items() if n.lstrip("_") not in hidden
    }
