"""Narrative: what is allowed, and what is refused because a browser might run it."""

import pytest

from felles.record.validation import validate
from felles.record.validation.narrative import fault, is_safe

XHTML = "http://www.w3.org/1999/xhtml"


def div(content: str) -> str:
    return f'<div xmlns="{XHTML}">{content}</div>'


@pytest.mark.parametrize(
    "content",
    [
        "Hemoglobin 13,5",
        "<p>A <b>bold</b> word<br/></p>",
        '<table border="1"><tr><td colspan="2" style="color: red">1</td></tr></table>',
        '<a href="https://a.example/x">x</a><a name="here">y</a><a href="#here">z</a>',
        '<img src="data:image/png;base64,AAAA" alt="x"/>',
        '<img src="#picture"/>',
        "&lt;script&gt; is only text &#160; &amp;",
        "<!-- a comment --> æøå 😀",
    ],
)
def test_allowed(content):
    assert fault(div(content)) is None
    assert is_safe(div(content))


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>",
        "<p onclick='x()'>a</p>",
        "<p ONCLICK='x()'>a</p>",
        '<a href="javascript:alert(1)">a</a>',
        '<a href=" java&#10;script:alert(1)">a</a>',
        '<a href="&#1;javascript:alert(1)">a</a>',
        '<a href="&#x200b;javascript&#x3a;alert(1)">a</a>',
        '<a href="JaVaScRiPt:alert(1)">a</a>',
        '<a href="vbscript:x">a</a>',
        '<a href="data:text/html;base64,PHNjcmlwdD4=">a</a>',
        '<img src="data:image/svg+xml;base64,AAAA"/>',
        '<img src="x" onerror="x()"/>',
        '<p style="background: url(http://a.example/x)">a</p>',
        '<p style="background: ur\\6c(http://a.example/x)">a</p>',
        '<p style="width: expression(x)">a</p>',
        '<p style="background: u/**/rl(x)">a</p>',
        "<iframe src='https://a.example'/>",
        "<form action='/x'><input name='a'/></form>",
        "<object data='x'/>",
        "<style>p {}</style>",
        "<link rel='stylesheet' href='x'/>",
        "<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>",
        "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>x</x:script>",
        "<p xmlns='http://www.w3.org/2000/svg'>x</p>",
        "<SCRIPT>x</SCRIPT>",
        "<![CDATA[><script>alert(1)</script>]]>a",
        "<!--><script>alert(1)</script>-->a",
        "<!--->a-->a",
        "<?php x ?>a",
        "&nbsp;",
        "<p>a",
        "<p>a</b></p>",
        "   ",
        "<p></p>",
    ],
)
def test_refused(content):
    assert fault(div(content)) is not None
    assert not is_safe(div(content))


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "<div>no namespace</div>",
        f'<p xmlns="{XHTML}">a</p>',
        f'<!DOCTYPE div [<!ENTITY a "b">]><div xmlns="{XHTML}">&a;</div>',
        f'<?xml version="1.0"?><div xmlns="{XHTML}">a</div>',
        f'<div xmlns="{XHTML}">a</div><div xmlns="{XHTML}">b</div>',
        f'<div xmlns="{XHTML}">\ud800</div>',
        "",
    ],
)
def test_not_one_xhtml_div(text):
    assert fault(text) is not None


def test_a_bomb_of_entities_does_not_go_off():
    bomb = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + div("&b;")
    assert "document type" in str(fault(bomb))


def test_the_place_is_told_wherever_narrative_stands():
    script = {"status": "generated", "div": div("<script>x</script>")}
    (issue,) = validate("Patient", {"resourceType": "Patient", "text": script})
    assert issue.expression == "Patient.text.div"
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "note"},
        "date": "2026-11-20",
        "author": [{"display": "A"}],
        "title": "Note",
        "section": [{"title": "a", "section": [{"title": "b", "text": script}]}],
    }
    (issue,) = validate("Composition", composition)
    assert issue.expression == "Composition.section[0].section[0].text.div"
