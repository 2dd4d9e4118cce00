"""Narrative: the XHTML of `text.div`, by an allow-list (https://hl7.org/fhir/R4/narrative.html, txt-1, txt-2).

What is active, or could become active in a browser that reads it as HTML, is refused and never cleaned.
"""

import re
from collections.abc import Callable, Mapping
from xml.parsers import expat

XHTML = "http://www.w3.org/1999/xhtml"
_ELEMENTS = frozenset(
    """
    a abbr acronym address area b bdo big blockquote br caption center cite code col colgroup dd dfn div dl dt em font
    h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q s samp small span strike strong sub sup table tbody td tfoot th
    thead tr tt u ul var
    """.split()  # noqa: SIM905
)
_EVERYWHERE = frozenset(
    """
    abbr accesskey align axis bgcolor char charoff class colspan dir headers id lang rowspan scope span style tabindex
    title valign width height nowrap xml:lang
    """.split()  # noqa: SIM905
)
_OWN: Mapping[str, frozenset[str]] = {
    "a": frozenset({"href", "name", "hreflang", "rel", "rev", "shape", "coords", "charset", "type"}),
    "area": frozenset({"alt", "coords", "href", "nohref", "shape"}),
    "blockquote": frozenset({"cite"}),
    "br": frozenset({"clear"}),
    "font": frozenset({"color", "face", "size"}),
    "hr": frozenset({"noshade", "size"}),
    "img": frozenset({"alt", "border", "hspace", "ismap", "longdesc", "src", "usemap", "vspace"}),
    "li": frozenset({"type", "value"}),
    "map": frozenset({"name"}),
    "ol": frozenset({"compact", "start", "type"}),
    "pre": frozenset({"xml:space"}),
    "q": frozenset({"cite"}),
    "table": frozenset({"border", "cellpadding", "cellspacing", "frame", "rules", "summary"}),
    "ul": frozenset({"compact", "type"}),
}
_ADDRESSES = frozenset({"href", "src", "cite", "longdesc", "usemap"})
_SCHEMES = frozenset({"http", "https", "mailto", "tel", "urn", "ftp"})
_INVISIBLE = re.compile("[\\x00-\\x20\\x7f-\\xa0\\xad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]")
_SCHEME = re.compile("([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_PICTURE = re.compile("data:image/(?:png|gif|jpeg|jpg|bmp|webp);base64,", re.IGNORECASE)
_STYLE = re.compile(r"url\s*\(|expression\s*\(|@|javascript|behaviou?r|binding|\\|/\*|[<>]", re.IGNORECASE)


class Refused(Exception):
    """Narrative that is not allowed, with the reason."""


def fault(div: str) -> str | None:
    """Why this XHTML is refused, or None."""
    reading = _Reading()
    try:
        reading.parser.Parse(div, True)
    except expat.ExpatError as error:
        return f"the narrative is not well-formed XML: {expat.ErrorString(error.code)}, line {error.lineno}"
    except Refused as refused:
        return str(refused)
    except UnicodeEncodeError:
        return "the narrative holds characters that are no text"
    return None if reading.content else "the narrative has no content (txt-2)"


_PLAIN = re.compile(rf'<div xmlns="{XHTML}">\s*[^<>&\s\x00-\x20][^<>&\x00-\x1f]*</div>')


def is_safe(div: str) -> bool:
    """Whether the narrative is allowed; the format of the generated schemas."""
    return _PLAIN.fullmatch(div) is not None or fault(div) is None


def _refuse(what: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise Refused(f"{what} is not allowed in a narrative")

    return refuse


_FORBIDDEN = (
    ("StartDoctypeDeclHandler", _refuse("a document type declaration")),
    ("EntityDeclHandler", _refuse("an entity declaration")),
    ("ProcessingInstructionHandler", _refuse("a processing instruction")),
    ("StartCdataSectionHandler", _refuse("a CDATA section")),
    ("XmlDeclHandler", _refuse("an XML declaration")),
)


class _Reading:
    """One pass of the parser over one narrative."""

    def __init__(self) -> None:
        self.root = True
        self.content = False
        self.parser = parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self.start
        parser.CharacterDataHandler = self.text
        parser.CommentHandler = self.comment
        for handler, refuse in _FORBIDDEN:
            setattr(parser, handler, refuse)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self.root and (name != "div" or attributes.get("xmlns") != XHTML):
            raise Refused(f"the narrative must be one <div xmlns='{XHTML}'>")
        self.root = False
        if name not in _ELEMENTS:
            raise Refused(f"<{name[:40]}> is not allowed in a narrative (txt-1)")
        self.content = self.content or name == "img"
        for attribute, value in attributes.items():
            _check(name, attribute, value)

    def text(self, data: str) -> None:
        self.content = self.content or not data.isspace()

    def comment(self, data: str) -> None:
        if data.startswith((">", "->")):
            raise Refused("a comment in the narrative would end early in a browser")


def _check(name: str, attribute: str, value: str) -> None:
    if attribute == "xmlns":
        if value != XHTML:
            raise Refused(f"the namespace {value[:80]} is not allowed in a narrative")
    elif attribute not in _EVERYWHERE and attribute not in _OWN.get(name, ()):
        raise Refused(f"the attribute {attribute[:40]} of <{name}> is not allowed in a narrative (txt-1)")
    elif attribute in _ADDRESSES and not _is_harmless(name, value):
        raise Refused(f"the address in {attribute} of <{name}> is not allowed in a narrative")
    elif attribute == "style" and _STYLE.search(value):
        raise Refused("a style that loads or runs something is not allowed in a narrative")


def _is_harmless(name: str, address: str) -> bool:
    """An address without scheme, with one that opens nothing active, or a picture held in the address itself."""
    plain = _INVISIBLE.sub("", address)
    scheme = _SCHEME.match(plain)
    if scheme is None or scheme.group(1).lower() in _SCHEMES:
        return True
    return name == "img" and _PICTURE.match(plain) is not None
