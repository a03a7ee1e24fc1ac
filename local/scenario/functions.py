"""The functions that `function_app` registers, ready to be called with a context of one's own."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache
from typing import Any
from unittest.mock import patch

from shared import settings
from shared.context import Context

Function = Callable[[Any], None]

_SAMPLE = {
    settings.HR_STORAGE: "UseDevelopmentStorage=true",
    settings.PROVISIONING_ENDPOINT: "http://127.0.0.1:9/v1.0/servicePrincipals/sp/synchronization/jobs/job/bulkUpload",
}


@lru_cache(maxsize=1)  # the library lists the functions of an app only once
def registered() -> Mapping[str, Function]:
    """The functions by name, those with a queue by the queue's name. Functions for people (http) are left out."""
    app = _app()
    found: dict[str, Function] = {}
    for function in app.get_functions():
        trigger = function.get_trigger()
        if trigger.type == "httpTrigger":
            continue
        name = getattr(trigger, "queue_name", None) or function.get_function_name()
        found[name] = _taking_one(function.get_user_function(), trigger.name)
    return found


def _taking_one(function: Callable[..., None], argument: str) -> Function:
    return lambda value: function(**{argument: value})


def _app() -> Any:  # noqa: ANN401 (azure.functions has no types for it)
    """The app. Its triggers read the settings when it is imported, and any valid ones do."""
    missing = {name: value for name, value in _SAMPLE.items() if not os.environ.get(name)}
    settings.load.cache_clear()
    with patch.dict(os.environ, missing):
        app = importlib.import_module("function_app").app
    settings.load.cache_clear()
    return app


def working_with(context: Context) -> AbstractContextManager[None]:
    """Give the functions this context instead of the one that the settings lead to."""
    return asking(lambda: context)


@contextmanager
def asking(context: Callable[[], Context]) -> Iterator[None]:
    """Have the functions ask for their context here."""
    package = importlib.import_module("functions")
    with ExitStack() as stack:
        for module in pkgutil.iter_modules(package.__path__):
            place = f"functions.{module.name}.context"
            if hasattr(importlib.import_module(f"functions.{module.name}"), "context"):
                stack.enter_context(patch(place, context))
        yield
