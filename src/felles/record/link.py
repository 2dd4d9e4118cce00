"""Links between the entries of a Bundle (FHIR R4 bundle.html#references): fullUrls become the addresses that the
resources get, on the bytes and wherever a link stands."""

import re
from collections.abc import Iterator

from felles.record import definition
from felles.record.outcome import problem

_NAMES = [
    "reference",
    "url",
    "uri",
    "valueUri",
    "valueUrl",
    "valueUuid",
    "valueOid",
    "targetUri",
    "valueReference",
    "fullUrl",
]
_LINKS = re.compile(rb'"(%b)"\s*:\s*"([^"\\]+)"' % "|".join(_NAMES).encode())
_URN = re.compile(rb'"(urn:(?:uuid|oid):[^"\\]+)"')
_HREF = re.compile(rb'((?:href|src)=\\")(urn:(?:uuid|oid):[^"\\]+)(\\")')
_CONDITIONAL = re.compile(rb'"reference"\s*:\s*"([^"\\?]+\?[^"\\]*)"')
_URNS = (b"urn:uuid:", b"urn:oid:")
_BEFORE = tuple(b'"%b":' % name.encode() for name in _NAMES)
_REFERENCE = b'"reference":'


class Links:
    """What the links of one Bundle lead to. `base`: the record's own address, with a slash at its end."""

    def __init__(self, base: str) -> None:
        self._known: dict[bytes, bytes] = {}
        self._base = base.encode()
        self._only_urns = True
        self._conditional = False

    def add(self, full_url: str, address: str) -> None:
        """`full_url` leads to `address`. Raises Problem 400 when it leads somewhere already."""
        url, place = full_url.encode(), address.encode()
        if url in self._known:
            raise problem(400, "duplicate", "two entries have the same fullUrl (bdl-7)")
        self._known[url] = place
        if not url.startswith(_URNS):
            self._only_urns = False
            parts = full_url.split("/")
            if len(parts) > 2 and definition.is_resource(parts[-2]):
                self._known.setdefault("/".join(parts[-2:]).encode(), place)

    def find(self, condition: bytes, address: str) -> None:
        """A conditional reference leads to `address`."""
        self._known[condition] = address.encode()
        self._conditional = True

    def conditions(self, raw: bytes) -> Iterator[bytes]:
        """The conditional references of a resource (FHIR R4 http.html#trules) that lead nowhere yet."""
        for match in _CONDITIONAL.finditer(raw):
            type_name = match[1].partition(b"?")[0].decode(errors="replace")
            if match[1] not in self._known and definition.is_resource(type_name):
                yield match[1]

    def rewritten(self, raw: bytes) -> bytes:
        """A resource whose links to other entries are `Type/id`. Raises Problem 422 for a urn that no entry has."""
        other = not self._only_urns or (self._conditional and b"?" in raw) or self._base in raw
        found = None if other else self._quickly(raw)
        raw = _LINKS.sub(self._replaced, raw) if found is None else found
        if b'=\\"urn:' in raw:
            raw = _HREF.sub(lambda m: m[1] + self._known.get(m[2], m[2]) + m[3], raw)
        return raw

    def _quickly(self, raw: bytes) -> bytes | None:
        """The same, where all links are urns; None when space before one of them hides what it belongs to."""
        parts: list[bytes] = []
        at = 0
        for match in _URN.finditer(raw):
            start = match.start()
            if not raw.endswith(_BEFORE, 0, start):
                if raw[start - 1 : start].isspace() or raw[start - 2 : start - 1].isspace():
                    return None
                continue
            known = self._known.get(match[1])
            if known is None:
                if raw.endswith(_REFERENCE, 0, start):
                    raise _unknown()
                continue
            parts += (raw[at : start + 1], known)
            at = match.end() - 1
        return b"".join((*parts, raw[at:])) if parts else raw

    def _replaced(self, match: re.Match[bytes]) -> bytes:
        name, target = match[1], match[2]
        known = self._known.get(target)
        if known is not None:
            return b'"%b":"%b"' % (name, known)
        if name == b"reference" and target.startswith(_URNS):
            raise _unknown()
        if name == b"reference" and target.startswith(self._base):
            return b'"%b":"%b"' % (name, target.removeprefix(self._base))
        return match[0]


def _unknown() -> Exception:
    return problem(422, "not-found", "a reference leads to a urn that no entry of this Bundle has as fullUrl")
