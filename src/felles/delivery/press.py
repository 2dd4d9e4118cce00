"""The press: `python -m felles.delivery.press` takes a JSON list of HTML documents and gives one tagged PDF.

Standard output is one line of JSON, the pages of each document, then the PDF. A process of its own, so that making
many letters holds up nobody; it fetches the house's fonts and nothing else.
"""

import hashlib
import json
import sys
from importlib import resources
from typing import Any

from felles.delivery.paper import NO_PANGO

FONTS = resources.files("felles") / "web" / "static" / "vendor"
_SCHEME = "font:"
_FILES = ("inter-latin.woff2", "inter-latin-ext.woff2")


def press(documents: list[str]) -> tuple[list[int], bytes]:
    """Pages of each document, and the PDF. Raises OSError where Pango is missing."""
    from weasyprint import HTML  # type: ignore[import-untyped]
    from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

    class Fonts(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, _headers: Any = None) -> Any:
            name = url.removeprefix(_SCHEME)
            if not url.startswith(_SCHEME) or name not in _FILES:
                raise ValueError("a letter fetches nothing")
            return URLFetcherResponse(url, (FONTS / name).read_bytes(), {"Content-Type": "font/woff2"})

    fetcher, fonts = Fonts(), FontConfiguration()
    made = [HTML(string=one, url_fetcher=fetcher).render(font_config=fonts) for one in documents]
    whole = made[0].copy([page for one in made for page in one.pages])
    mark = hashlib.sha256("\0".join(documents).encode()).digest()[:16]
    return [len(one.pages) for one in made], whole.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=mark)


def main() -> int:
    documents = json.load(sys.stdin)
    try:
        pages, pdf = press(documents)
    except OSError:
        return NO_PANGO
    sys.stdout.buffer.write(json.dumps(pages).encode() + b"\n" + pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
