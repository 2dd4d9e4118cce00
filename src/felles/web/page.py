"""Templates into answers."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from felles.web.asset import asset_url
from felles.web.language import LANGUAGES, language_name, translations
from felles.web.place import is_here, places_of
from felles.web.visit import keep_alive, site_of, visit_of

TEMPLATES = Path(__file__).parent / "templates"


@cache
def templates(language: str) -> Environment:
    """The environment of one language; escaping is on for everything."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {
        "asset_url": asset_url,
        "languages": LANGUAGES,
        "language": language,
        "is_here": is_here,
        "said": lambda words: translations(language).gettext(words) if words else "",
        "language_name": lambda code: language_name(code, language),
    }
    return environment


def html(request: Request, template: str, **values: Any) -> str:
    """A template as text, with what every page has."""
    site, visit = site_of(request), visit_of(request)
    shown = {"opened": getattr(request.state, "opened", None), **values}
    return (
        templates(visit.language)
        .get_template(template)
        .render(
            visit=visit, demo=site.demo, path=request.url.path, today=site.today, places=places_of(request), **shown
        )
    )


def answer(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page or a part of one."""
    response = HTMLResponse(html(request, template, **values), status)
    response.headers["vary"] = "cookie, accept-language, hx-request"
    keep_alive(request, response)
    return response


def wants_part(request: Request) -> bool:
    """Whether htmx asks for a part of the page it already shows."""
    return request.headers.get("hx-request") == "true"
