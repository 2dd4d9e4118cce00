import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.record import document
from felles.record.outcome import Problem

REFUSED = {
    b"": "not valid JSON",
    b"nul": "not valid JSON",
    b"[]": "array, not an object",
    b'"x"': "string, not an object",
    b"1": "number, not an object",
    b'{"a":1} x': "after document",
    b'{"a":NaN}': "not valid JSON",
    b'{"a":Infinity}': "not valid JSON",
    b'{"a":1e999}': "infinity",
    b'{"a":01}': "not valid JSON",
    b'{"a":"\xff"}': "UTF-8",
    b'{"a":"\xed\xa0\x80"}': "UTF-8",
    b'{"a":"\\ud800"}': "surrogate",
    b'{"a":"\\u0000"}': "NUL",
    b'{"a":"\\\\\\u0000"}': "NUL",
    b'{"a":1,"a":1}': "'a' occurs more than once",
    b'{"a":1, "b":{"c":1 , "c" : 2}}': "'c' occurs more than once",
    b'{"a":"\\u0022\\u0022","b":1,"b":1}': "'b' occurs more than once",
    b'{"a":"\\u0022", "\\u0061":1}': "'a' occurs more than once",
    b'{"a":[{"x":1,"x":[1,2]}]}': "'x' occurs more than once",
    b"\xef\xbb\xbf{}": "BOM",
    b'{"a":' * 101 + b"1" + b"}" * 101: "deeper than 100",
    b'{"a":' + b"[" * 100 + b"]" * 100 + b"}": "deeper than 100",
    b'{"a":' + b"[" * 100_000: "not valid JSON",
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.items(), ids=[repr(data[:20]) for data in REFUSED])
def test_a_hostile_body_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Problem) as caught:
        document.load(data)
    assert caught.value.status == 400
    assert reason in caught.value.issues[0].diagnostics


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"a":"\\\\u0000"}',
        b'{"a":"\\u0022:\\"", "b" : "\\\\u0022"}',
        b'{ "a" : {"x":1}, "b" : {"x":1} }',
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b'{"b":[[]],"a":' + b'{"a":' * 99 + b"1" + b"}" * 100,
        b'{"a":[' + b",".join([b"[]"] * 500) + b"]}",
    ],
)
def test_an_unusual_but_right_body_is_read(data: bytes) -> None:
    assert document.load(data) == orjson.loads(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(st.dictionaries(st.text('ab"\\:u0{}'), JSON), st.booleans())
def test_no_document_without_duplicates_is_refused_as_one(value: dict[str, object], pretty: bool) -> None:
    data = orjson.dumps(value, option=orjson.OPT_INDENT_2 if pretty else None)
    if b"\\u0000" not in data:
        assert document.load(data) == value


@given(st.dictionaries(st.text('ab"\\:u0'), st.text('"\\:u0'), min_size=1), st.data())
def test_a_repeated_name_never_passes(value: dict[str, str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(value)))
    text = orjson.dumps(value)[:-1] + b"," + orjson.dumps(name) + b': "\\u0022"}'
    with pytest.raises(Problem, match="more than once"):
        document.load(text)


@pytest.mark.parametrize(
    "number",
    ["1.00", "0.0", "-0", "1e2", "1E+2", "1e-7", "0.10e3", "123456789012345678901234567890", "-0.0", "7"],
)
def test_numbers_keep_their_text(number: str) -> None:
    data = f'{{"value":{number},"list":[{number}]}}'.encode()
    assert document.serialise(document.parse(data)) == data


@pytest.mark.parametrize(
    "data", [b'{"a":NaN}', b'{"a":1,"a":2}', b"[" * 100_000, b"{", b"\xff", b"[1e999]", b"[" * 200 + b"]" * 200]
)
def test_parse_refuses_what_is_no_json(data: bytes) -> None:
    with pytest.raises(Problem):
        document.parse(data)


def test_serialise_refuses_other_objects() -> None:
    with pytest.raises(TypeError, match=re.escape("Type is not JSON serializable")):
        document.serialise({"a": object()})
