"""HTTP trigger: the support page. The platform signs people in; the page checks that it does, and their roles."""

import os

import azure.functions as func

from functions import context
from shared.support.web import PREFIX, Request, serve

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("support")
@blueprint.route(
    trigger_arg_name="request",
    route=f"{PREFIX}/{{*page}}",
    methods=["GET", "POST"],
    auth_level=func.AuthLevel.ANONYMOUS,
)
def support(request: func.HttpRequest) -> func.HttpResponse:
    """Show a page, or release people."""
    asked = Request(
        method=request.method,
        url=request.url,
        page=request.route_params.get("page") or "",
        query=dict(request.params),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.get_body(),
    )
    answer = serve(context, asked, os.environ)
    return func.HttpResponse(answer.body, status_code=answer.status, headers=dict(answer.headers))
