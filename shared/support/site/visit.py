"""A visit to the support page: what came in, who asks, and the ways to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from shared.context import Context
from shared.support.site import forms, render, sheets
from shared.support.site.principal import Principal
from shared.wording.languages import Language, asked_for
from shared.wording.translation import Translator, translator

_HTML = "text/html; charset=utf-8"
SHOWN = 500  # people of a list on a page; a download has all of them
_MOST_FIELDS = 2 * SHOWN
LONGEST_REASON = 500


@dataclass(frozen=True)
class Request:
    """What came in.

    Attributes:
        method: GET or POST.
        url: the whole address.
        page: what follows `support/` in its path.
        query: the parameters in the address.
        headers: by name in lower case.
        body: of a form.
    """

    method: str
    url: str
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def base(self) -> str:
        """Path of the first page."""
        return urlsplit(self.url).path.rstrip("/").removesuffix(self.page.strip("/")).rstrip("/")

    @cached_property
    def form(self) -> Mapping[str, list[str]]:
        """The fields of a form; none if it is broken or far too long."""
        try:
            return parse_qs(self.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return {}

    @property
    def language(self) -> Language:
        """The one of our languages that the browser asks for."""
        return asked_for(self.headers.get("accept-language", ""))

    def said(self, name: str) -> str:
        """The first value of a field."""
        return self.form.get(name, [""])[0]


@dataclass(frozen=True)
class Response:
    """What goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Visit:
    """A request of somebody who may ask.

    Attributes:
        context: what everything works with.
        request: what came in.
        principal: who asks.
        environment: the variables of the process.
    """

    context: Context
    request: Request
    principal: Principal
    environment: Mapping[str, str] = field(default_factory=dict)

    def page(self, template: str, title: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
        """A page from its template."""
        language, base = self.request.language, self.request.base
        body = render.page(template, language, title=title, base=base, principal=self.principal, **values)
        return Response(status, {**render.headers(), **_page_in(language)}, body)

    def sealed(self, text: str) -> str:
        """What may stand in an address of a text that may not."""
        return forms.seal(self.context.fingerprint_key, text, self.context.clock.now()) if text else ""

    def unsealed(self) -> str:
        """The text that `s` of the address, or of a form, seals; empty if there is none, or it is too old."""
        sealed = self.request.query.get("s", "") or self.request.said("s")
        text = forms.unseal(self.context.fingerprint_key, sealed, self.context.clock.now()) if sealed else None
        return text or ""

    def see_other(self, page: str, **query: str) -> Response:
        """Have the browser go to another page, so that nothing is sent twice and the way back works."""
        parameters = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if value)
        return Response(303, {**render.headers(), "Location": f"{self.request.base}/{page}?{parameters}"})

    def sorry(self, status: int, title: str, text: str) -> Response:
        """A page that says why there is no other."""
        return message(self.request, status, title, text, self.principal)

    def sheet(self, sheet: sheets.Sheet, form: str) -> Response:
        """A list as a file."""
        disposition = f'attachment; filename="rollcall-{sheet.name}.{form}"'
        headers = {"Content-Type": sheets.TYPES[form], "Content-Disposition": disposition}
        return Response(
            200, {**render.headers(), **headers}, sheets.write(sheet.in_language(self.request.language), form)
        )

    def token(self, about: str) -> str:
        """What a form proves itself with: that it is about what was looked at, and sent by whoever looked."""
        return forms.make_token(self.context.fingerprint_key, self.principal.id, about, self.context.clock.now())

    def proves(self, about: str) -> bool:
        """Whether the form that came in has the token for it."""
        key, now = self.context.fingerprint_key, self.context.clock.now()
        return forms.check_token(key, self.request.said("token"), self.principal.id, about, now)

    @property
    def speak(self) -> Translator:
        """Who speaks the language that the browser asks for."""
        return translator(self.request.language)

    @property
    def reason(self) -> str:
        """The reason in a form, on one line."""
        return " ".join(self.request.said("reason").split())[:LONGEST_REASON]

    @property
    def wants(self) -> str:
        """The kind of file that is asked for, or an empty text for a page."""
        form = self.request.query.get("format", "") or self.request.said("format")
        return form if form in sheets.TYPES else ""


FORGED = "Nothing was done. Go back to the page, load it again and repeat what you did."


def message(request: Request, status: int, title: str, text: str, principal: Principal | None = None) -> Response:
    """A page with a heading and a text."""
    language = request.language
    body = render.page("message", language, title=title, text=text, base=request.base, principal=principal)
    return Response(status, {**render.headers(), **_page_in(language)}, body)


def _page_in(language: Language) -> dict[str, str]:
    return {"Content-Type": _HTML, "Content-Language": language, "Vary": "Accept-Language"}


def to_sign_in(request: Request) -> Response:
    """Have the platform sign the user in."""
    back = quote(request.base, safe="/")
    return Response(302, {**render.headers(), "Location": f"/.auth/login/aad?post_login_redirect_uri={back}"})
