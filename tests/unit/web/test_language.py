"""Three languages: no words are missing in any of them."""

import re

import pytest
from babel.messages.pofile import read_po

from felles.web.language import LANGUAGES, catalogue_path, language_name, preferred, translations
from scripts.catalogues import words_of_source

PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize("language", ["nn", "en"])
def test_every_word_is_translated_with_its_placeholders(language: str) -> None:
    with catalogue_path(language).open("rb") as source:
        catalogue = read_po(source, locale=language)
    for words in words_of_source():
        entry = catalogue.get(words[0] if isinstance(words, tuple) else words)
        assert entry is not None, f"{language} lacks {words!r}: run scripts/catalogues.py"
        strings = entry.string if isinstance(entry.string, (tuple, list)) else [entry.string]
        assert all(strings) and not entry.fuzzy, f"{language} has no words for {words!r}"
        wanted = set(PLACEHOLDER.findall(words[0] if isinstance(words, tuple) else words))
        assert all(set(PLACEHOLDER.findall(string)) == wanted for string in strings), words


@pytest.mark.parametrize("language", ["nn", "en"])
def test_no_catalogue_keeps_words_out_of_use(language: str) -> None:
    with catalogue_path(language).open("rb") as source:
        kept = {message.id for message in read_po(source, locale=language) if message.id}
    assert kept <= set(words_of_source())


def test_translations_are_compiled_from_the_source() -> None:
    assert translations("nb").gettext("Problemer") == "Problemer"
    assert translations("nn").gettext("Sykehus") == "Sjukehus"
    assert translations("en").ngettext("%(num)s dag", "%(num)s dager", 2) == "%(num)s days"


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "", "nb"),
        (None, "no,en;q=0.5", "nb"),
        (None, "nn-NO,nb;q=0.8", "nn"),
        (None, "de,en;q=0.5", "en"),
        ("nn", "en", "nn"),
        ("xx", "en-GB", "en"),
    ],
)
def test_the_visitor_s_choice_then_the_browser_s(cookie: str | None, accepted: str, language: str) -> None:
    assert preferred(cookie, accepted) == language


def test_spoken_languages_by_name() -> None:
    assert language_name("ar", "nb") == "arabisk"
    assert language_name("so", "en") == "Somali"
    assert language_name("xx-none", "nb") == "xx-none"
    assert set(LANGUAGES) == {"nb", "nn", "en"}
