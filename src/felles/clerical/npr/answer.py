"""What NPR answers, read from its XML: an application receipt (HIS 80415), or the report of errors (NPR err, HIS 1130).

The schema of NPR err does not come with Felles and was not at hand: any element whose name begins with Feil, or that
has a `feilkode`, is an error, of the episode, referral period or patient that it or an element around it names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

LONGEST = 200
BYTES = 50_000_000
APPREC = "AppRec"
_DIGITS = re.compile(r"\d{6,}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Of one message: the id that it answers, and its status (1 accepted, 2 refused, 3 accepted with remarks)."""

    message: str
    status: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of the content. `about`: "Encounter/x" or "EpisodeOfCare/x"; empty where only a running number, or
    nothing, is named."""

    about: str
    words: str


@dataclass(frozen=True, slots=True)
class Errors:
    """All errors of an institution's month ("2026-10")."""

    institution: str
    month: str
    faults: tuple[Fault, ...]


def read(body: bytes) -> Receipt | Errors:
    """What an answer says. Raises ValueError for what is no answer of NPR's."""
    if len(body) > BYTES:
        raise ValueError("this is larger than any answer of NPR's")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"this is not XML: {error}") from error
    receipt = next(_named(root, APPREC), None)
    if receipt is not None:
        return _receipt(receipt)
    melding = next(_named(root, "Melding"), None)
    if melding is not None and str(etree.QName(melding).namespace).endswith("_err"):
        return _errors(melding)
    raise ValueError("this is neither an application receipt (AppRec) nor a report of errors (NPR err)")


def _named(root: etree._Element, name: str) -> Iterator[etree._Element]:
    return root.iter(f"{{*}}{name}", name)


def _receipt(root: etree._Element) -> Receipt:
    status = next((str(one.get("V") or "") for one in _named(root, "Status")), "")
    answered = next(_named(root, "OriginalMsgId"), None)
    id = "" if answered is None else next((str(one.text or "") for one in _named(answered, "Id")), "")
    if status not in ("1", "2", "3") or not id:
        raise ValueError("this receipt says neither which message it answers nor what became of it")
    said = [f"{one.get('V') or ''} {one.get('DN') or one.get('OT') or ''}" for one in _named(root, "Error")]
    return Receipt(id.strip().strip("{}").lower(), status, tuple(_clean(one) for one in said))


def _errors(root: etree._Element) -> Errors:
    where = next(_named(root, "Institusjon"), None)
    month = str(root.get("fraDatoPeriode") or "")[:7]
    if where is None or not where.get("institusjonID") or not month:
        raise ValueError("this report of errors names no institution and period")
    found = [_fault(one) for one in root.iter() if isinstance(one.tag, str) and _is_fault(one)]
    return Errors(str(where.get("institusjonID")), month, tuple(dict.fromkeys(found)))


def _is_fault(element: etree._Element) -> bool:
    own = {str(name).lower() for name in element.attrib}
    return etree.QName(element).localname.startswith("Feil") or "feilkode" in own


def _fault(element: etree._Element) -> Fault:
    said = {str(name).lower(): str(value) for name, value in element.attrib.items()}
    code = next((value for name, value in said.items() if "kode" in name), "")
    text = next((value for name, value in said.items() if "tekst" in name or "beskrivelse" in name), "")
    words = _clean(" ".join((code, text or str(element.text or ""))))
    episode, period, number = (_around(element, name) for name in ("episodeID", "henvisningsperiodeID", "pasientNr"))
    if episode:
        return Fault(f"Encounter/{episode}", words)
    if period:
        return Fault(f"EpisodeOfCare/{period}", words)
    return Fault("", f"{words} (pasientNr {number})" if number else words)


def _around(element: etree._Element, name: str) -> str:
    """The nearest value of an attribute, of the element or one around it."""
    for one in (element, *element.iterancestors()):
        if one.get(name):
            return str(one.get(name))
    return ""


def _clean(text: str) -> str:
    """Words without numbers that could be somebody's."""
    return _DIGITS.sub("…", " ".join(text.split()))[:LONGEST]
