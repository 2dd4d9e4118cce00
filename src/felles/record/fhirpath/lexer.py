"""Tokens of FHIRPath (http://hl7.org/fhirpath/N1/#tokens-and-lexical-elements)."""

import re
from dataclasses import dataclass

from felles.record.fhirpath.error import FhirPathError

TOKEN = re.compile(
    r"""
    (?P<space> \s+ | //[^\r\n]* | /\*.*?\*/ )
  | (?P<temporal> @(?: \d{4}(?:-\d\d(?:-\d\d)?)?
        (?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?
        | T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)? ) )
  | (?P<number> \d+(?:\.\d+)? )
  | (?P<string> '(?:[^'\\]|\\.)*' )
  | (?P<delimited> `(?:[^`\\]|\\.)*` )
  | (?P<special> \$(?:this|index|total) )
  | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
  | (?P<symbol> <= | >= | != | !~ | [.,()\[\]{}+\-*/&|<>=~%] )
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "f": "\f", "\\": "\\", "'": "'", '"': '"', "`": "`", "/": "/"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is a group name of TOKEN or "end"; `text` has its quotes and escapes resolved."""

    kind: str
    text: str
    position: int


def tokens(expression: str) -> list[Token]:
    """The tokens of `expression` without white space and comments, closed by an "end" token."""
    found: list[Token] = []
    position = 0
    while position < len(expression):
        match = TOKEN.match(expression, position)
        if match is None or match.lastgroup is None:
            raise FhirPathError(f"Unexpected character {expression[position]!r}", position)
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, content(match.lastgroup, match.group(), position), position))
        position = match.end()
    found.append(Token("end", "", position))
    return found


def content(kind: str, text: str, position: int) -> str:
    return unescape(text[1:-1], position) if kind in ("string", "delimited") else text


def unescape(text: str, position: int) -> str:
    """`text` with its escape sequences resolved (http://hl7.org/fhirpath/N1/#string)."""

    def replacement(match: re.Match[str]) -> str:
        code, character = match.groups()
        if code:
            return chr(int(code, 16))
        if character not in ESCAPES:
            raise FhirPathError(f"Unknown escape sequence \\{character}", position)
        return ESCAPES[character]

    return ESCAPE.sub(replacement, text) if "\\" in text else text
