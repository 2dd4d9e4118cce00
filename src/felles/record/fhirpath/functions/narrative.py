"""What narrative XHTML may hold (http://hl7.org/fhir/R4/narrative.html#rules)."""

from __future__ import annotations

from xml.parsers import expat

BASIC = (
    "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr"
    " i img li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var"
)
PLAIN = (
    "abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff"
    " charset cite class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc"
    " name nowrap rel rev rowspan rules scope shape span src start style summary tabindex title type valign"
    " value vspace width xml:lang xml:space xmlns"
)
ELEMENTS, ATTRIBUTES = frozenset(BASIC.split()), frozenset(PLAIN.split())
ADDRESSES = ("href", "src", "cite", "longdesc")
SCHEMES = ("http:", "https:", "mailto:", "tel:", "#", "data:image/")


class Refused(Exception):
    """The narrative holds what it may not."""


def acceptable(div: str) -> bool:
    """Whether `div` is one well-formed div of basic formatting, without active content or document types."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = check_element
    parser.StartDoctypeDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    try:
        parser.Parse(div.encode(), True)
    except (expat.ExpatError, Refused, UnicodeEncodeError):
        return False
    return div.lstrip().startswith("<div")


def check_element(name: str, attributes: dict[str, str]) -> None:
    if name not in ELEMENTS or not attributes.keys() <= ATTRIBUTES:
        raise Refused(name)
    for attribute in ADDRESSES:
        address = attributes.get(attribute, "").strip().lower()
        if ":" in address.partition("/")[0] and not address.startswith(SCHEMES):
            raise Refused(address)


def refuse(*_: object) -> None:
    raise Refused
