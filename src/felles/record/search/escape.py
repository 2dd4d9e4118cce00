r"""Search values taken apart: `,` `|` `$` separate, `\,` `\|` `\$` `\\` stand for themselves
(https://hl7.org/fhir/R4/search.html#escaping)."""

import re

_PART = {mark: re.compile(r"(?:\\.|[^\\" + re.escape(mark) + r"])*", re.DOTALL) for mark in ",|$"}
_ESCAPED = re.compile(r"\\([,|$\\])")


def split(text: str, mark: str) -> list[str]:
    """`text` at each `mark` that is not escaped; escapes stay."""
    if "\\" not in text:
        return text.split(mark)
    parts, at = [], 0
    while True:
        match = _PART[mark].match(text, at)
        end = match.end() if match else at
        if end < len(text) and text[end] == "\\":  # a lone backslash at the very end
            end = len(text)
        parts.append(text[at:end])
        if end >= len(text):
            return parts
        at = end + 1


def unescape(text: str) -> str:
    """The text that is meant."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def values(text: str) -> list[str]:
    """The alternatives of a parameter, still escaped, empty ones left out."""
    return [value for value in split(text, ",") if value]
