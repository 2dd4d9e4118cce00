"""Names compared: Norwegian, Sámi and immigrant spellings, slips of the keyboard, parts in another order. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

_LETTERS = str.maketrans(
    {"æ": "e", "ä": "e", "ø": "o", "ö": "o", "å": "a", "đ": "d", "ð": "d", "ŋ": "n", "ŧ": "t", "ł": "l", "ß": "ss"}
)
_SPELLINGS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"aa", "a"),
        (r"oe", "o"),
        (r"ae", "e"),
        (r"(?:s[oe]n|ssen|zen|s[oe]nn)$", "sen"),
        (r"sch|sk?j|sh|ch(?=[ei])", "s"),
        (r"ch|ck|kh|q|gh", "k"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"ph", "f"),
        (r"th|dt", "t"),
        (r"dh", "d"),
        (r"[kt]j", "k"),
        (r"hj|gj", "j"),
        (r"hv|w", "v"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"y", "i"),
        (r"ij|ei|ai", "i"),
        (r"ou|oo|u", "o"),
        (r"h", ""),
        (r"j", "i"),
    )
)
_TWICE = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"[aeio]")
_PART = re.compile(r"[^\W\d_]+")
PARTICLES = frozenset(("av", "de", "der", "den", "van", "von", "af", "la", "al", "el", "bin", "ibn", "abu", "zu"))


@lru_cache(maxsize=20_000)
def plain(text: str) -> str:
    """Lower case, without accents; Norwegian and Sámi letters as their nearest plain ones (`Åsé` -> `ase`)."""
    letters = text.casefold().translate(_LETTERS)
    return "".join(sign for sign in unicodedata.normalize("NFD", letters) if not unicodedata.combining(sign))


@lru_cache(maxsize=20_000)
def sound(text: str) -> str:
    """One spelling for many: `Christoffersen` and `Kristofferson`, `Muhammad` and `Mohammed`'s consonants alike."""
    result = plain(text)
    for pattern, same in _SPELLINGS:
        result = pattern.sub(same, result)
    return _TWICE.sub(r"\1", result)


@lru_cache(maxsize=20_000)
def skeleton(text: str) -> str:
    """The first sign of the sound and its consonants: what is left where vowels were heard differently."""
    heard = sound(text)
    return heard[:1].translate(str.maketrans("eo", "aa")) + _VOWELS.sub("", heard[1:])


def _same_frame(one: str, other: str) -> bool:
    """Three consonants and more in common, with vowels in the same places."""
    frames = [_VOWELS.sub("a", sound(word)) for word in (one, other)]
    return frames[0][1:] == frames[1][1:] and len(skeleton(one)) > 2 and skeleton(one) == skeleton(other)


def parts(text: str) -> list[str]:
    """The words of a name without particles: `Anne-Grethe van der Berg` has three."""
    words = _PART.findall(text)
    return [word for word in words if plain(word) not in PARTICLES] or words


@lru_cache(maxsize=50_000)
def likeness(one: str, other: str) -> float:
    """How alike two words are, 0 to 1: 1 the same letters, 0.95 another spelling, 0.7 and more one slip."""
    a, b = plain(one), plain(other)
    if a == b:
        return 1.0
    if min(len(a), len(b)) == 1:
        return 0.75 if a[0] == b[0] else 0.0
    if sound(one) == sound(other):
        return 0.95
    slips = distance(a, b)
    edited = 1 - slips / max(len(a), len(b))
    if _same_frame(one, other):
        return max(0.9, edited)
    heard = 1 - distance(sound(one), sound(other)) / max(len(sound(one)), len(sound(other)), 1)
    one_slip = 0.7 if slips == 1 and a[0] == b[0] else 0.0
    return max(edited, heard - 0.05, one_slip)


def distance(a: str, b: str) -> int:
    """Signs to add, take out, change or exchange with their neighbour (Damerau-Levenshtein, restricted)."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def words_alike(asked: Sequence[str], known: Sequence[str]) -> float:
    """How alike two lists of words are: the shorter one's words against their best partners in the longer."""
    few, many = sorted((list(asked), list(known)), key=len)
    if not few:
        return 0.0
    scores = []
    for word in few:
        best = max(range(len(many)), key=lambda place: likeness(word, many[place]))
        scores.append(likeness(word, many[best]))
        many = many[:best] + many[best + 1 :]
    return sum(scores) / len(scores) - 0.02 * min(len(many), 2)


Words = tuple[tuple[str, ...], tuple[str, ...]]
"""Given and family words of one HumanName."""


def words(name: Mapping[str, Any]) -> Words:
    """The words of a HumanName; of one that is only text, the last word is taken for the family name."""
    given = tuple(word for text in name.get("given", ()) if isinstance(text, str) for word in parts(text))
    family = tuple(parts(name["family"])) if isinstance(name.get("family"), str) else ()
    if not given and not family and isinstance(name.get("text"), str):
        whole = tuple(parts(name["text"]))
        return whole[:-1], whole[-1:]
    return given, family


def names(patient: Mapping[str, Any]) -> list[Words]:
    """The names of a Patient that are names, former ones too: no "unknown man", no "newborn of"."""
    real = [name for name in patient.get("name", ()) if name.get("use") not in ("temp", "anonymous")]
    found = (words(name) for name in real)
    return [one for one in found if one[0] or one[1]]


def alike(asked: Iterable[Words], known: Iterable[Words]) -> tuple[float, float] | None:
    """Likeness of given and of family names, for the two names that fit best; None where one has none.

    Given and family name exchanged count nearly as much as in their order.
    """
    pairs = [_pair(one, other) for one in asked for other in known]
    return max(pairs, key=sum) if pairs else None


def _pair(one: Words, other: Words) -> tuple[float, float]:
    straight = words_alike(one[0], other[0]), words_alike(one[1], other[1])
    crossed = words_alike(one[0], other[1]) - 0.05, words_alike(one[1], other[0]) - 0.05
    return max(straight, crossed, key=sum)
