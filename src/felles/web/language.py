"""The three languages of the pages. Bokmål is what the source says; nynorsk and English are Babel catalogues."""

from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
CATALOGUES = Path(__file__).parent / "locale"


def catalogue_path(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / "felles.po"


@cache
def translations(language: str) -> NullTranslations:
    """The words of one language, compiled in memory on first use."""
    if language == "nb":
        return NullTranslations()
    compiled = BytesIO()
    with catalogue_path(language).open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def preferred(cookie: str | None, accepted: str) -> str:
    """The visitor's own choice, else the first language the browser accepts that we have, else bokmål."""
    if cookie in LANGUAGES:
        return cookie
    wanted = [part.partition(";")[0].strip().lower()[:2] for part in accepted.split(",")]
    ours = ["nb" if tag == "no" else tag for tag in wanted]
    return next((tag for tag in ours if tag in LANGUAGES), "nb")


@cache
def language_name(code: str, language: str) -> str:
    """`arabisk` of `ar`: the name of a spoken language, in the reader's language."""
    names = Locale.parse(language).languages
    return str(names.get(code) or names.get(code.partition("-")[0]) or code)
