"""Pages from templates: what they are given is escaped; there is no script, and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from shared.support.person import KINDS
from shared.support.site.chart import HEIGHT, WIDTH
from shared.wording.count_labels import BECAME_ON_A_PAGE
from shared.wording.html_templates import templates_in
from shared.wording.languages import Language
from shared.wording.numbers import people
from shared.wording.pages import page_in

_FOLDER = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    templates = templates_in(_FOLDER)
    templates.filters["when"] = _when
    templates.filters["number"] = lambda count: f"{count:,}"
    templates.filters["people"] = people
    templates.globals.update(
        style=Markup(_style()),  # noqa: S704 (a file of ours)
        labels=BECAME_ON_A_PAGE,
        kinds=KINDS,
        chart_width=WIDTH,
        chart_height=HEIGHT,
    )
    return templates


def page(template: str, language: Language, **values: Any) -> bytes:  # noqa: ANN401 (what the template shows)
    """A page in a language."""
    return page_in(_templates().get_template(f"{template}.html").render(values), language).encode()


@lru_cache(maxsize=1)
def headers() -> dict[str, str]:
    """What keeps a page to itself: no script, nothing from elsewhere, in nobody's frame, in nobody's cache.

    The referrer policy is not `no-referrer`: with that, browsers would not say where our own forms come from.
    """
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


@lru_cache(maxsize=1)
def _style() -> str:
    return (_FOLDER / "style.css").read_text("utf-8")


def _when(moment: str) -> str:
    """An ISO time as people read it; all of them are UTC."""
    return moment.replace("T", " ").removesuffix("Z")
