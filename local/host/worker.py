"""The bridge to Microsoft's own worker library: index an app's functions and invoke them.

The library takes its message classes from its caller, so plain objects stand in for protobuf messages. It keeps its
state in its modules: one app a process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import uuid
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from local.host.errors import HostError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Function:
    """One function of the app.

    Attributes:
        name: its name.
        id: the library's id of it.
        trigger: its trigger, as the host reads it from the app: `type`, `name`, `connection` and so on.
        outputs: its output bindings, by name.
        has_retry_policy: whether it declares one.
    """

    name: str
    id: str
    trigger: Mapping[str, Any]
    outputs: Mapping[str, Mapping[str, Any]]
    has_retry_policy: bool = False

    @property
    def full_name(self) -> str:
        """What the host calls it in storage."""
        return f"Host.Functions.{self.name}"


@dataclass(frozen=True)
class Data:
    """A value on its way to a function: `string`, `bytes`, `json`, `http` or `model_binding_data`."""

    kind: str
    value: Any


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended.

    Attributes:
        error: type and message of the exception; empty if it succeeded.
        stack: the stack of the exception.
        outputs: what the function set its outputs to.
    """

    error: str = ""
    stack: str = ""
    outputs: Mapping[str, Data] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        return not self.error


class Worker:
    """Runs the app's functions: async ones on an event loop of its own, the others in the library's thread pool."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._running: set[Future[Outcome]] = set()
        # A daemon: a function that never ends must not keep the host from ending.
        threading.Thread(target=self._loop.run_forever, name="worker", daemon=True).start()

    def index(self, app: Path) -> list[Function]:
        """Import the app and find its functions.

        Raises:
            HostError: with the stack, if that fails.
        """
        sys.path.insert(0, str(app))
        return asyncio.run_coroutine_threadsafe(_surviving(self._index(app)), self._loop).result()

    async def _index(self, app: Path) -> list[Function]:
        import azure_functions_runtime as library

        library.start_threadpool_executor()
        init = _Message(worker_init_request=_Message(capabilities={}, function_app_directory=str(app)))
        answer = await library.worker_init_request(_envelope(init))
        failure = _failure(answer.result)
        if failure:
            raise HostError(f"INDEXING FAILED: {failure[0]}\n{failure[1]}")
        answer = await library.functions_metadata_request(_envelope(_Message()))
        if answer.function_metadata_results is None:
            raise HostError(f"INDEXING FAILED: there is no function_app.py in {app}")
        return [_function(found) for found in answer.function_metadata_results]

    def invoke(
        self, function: Function, data: Data, metadata: Mapping[str, object], invocation_id: str
    ) -> Future[Outcome]:
        """Start an invocation.

        Args:
            function: which one.
            data: what its trigger parameter gets.
            metadata: what the trigger knows besides.
            invocation_id: the id that the function sees too.
        """
        coroutine = self._invoke(function, data, metadata, invocation_id)
        future = asyncio.run_coroutine_threadsafe(_surviving(coroutine), self._loop)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def abandon(self) -> None:
        """Give up on everything that is running: its invocations fail, whatever its code still does."""
        for future in list(self._running):
            future.cancel()

    async def _invoke(
        self, function: Function, data: Data, metadata: Mapping[str, object], invocation_id: str
    ) -> Outcome:
        import azure_functions_runtime as library

        answer = await library.invocation_request(
            _envelope(
                _Message(
                    invocation_request=_Message(
                        invocation_id=invocation_id,
                        function_id=function.id,
                        input_data=[_ParameterBinding(name=function.trigger["name"], data=_typed(data))],
                        trigger_metadata={name: _metadata(value) for name, value in metadata.items()},
                        trace_context=_Message(trace_parent=_trace_parent(), trace_state="", attributes={}),
                        retry_context=_Message(retry_count=0, max_retry_count=0, exception=None),
                    )
                )
            )
        )
        failure = _failure(answer.result)
        if failure:
            return Outcome(*failure)
        outputs = {binding.name: _untyped(binding.data) for binding in answer.output_data}
        if answer.return_value is not None:
            outputs["$return"] = _untyped(answer.return_value)
        return Outcome(outputs=outputs)


async def _surviving(work: Coroutine[Any, Any, Result]) -> Result:
    """Make an ordinary error of `sys.exit`, which would end the event loop and with it every other function."""
    try:
        return await work
    except (SystemExit, KeyboardInterrupt) as error:
        raise HostError(f"the app called for the end of its process: {error!r}") from error


class _Message:
    """Stands in for a protobuf message: the fields it was made with, and which of them is set."""

    def __init__(self, **fields: object) -> None:
        self.__dict__.update(fields)

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        return next(iter(self.__dict__), None)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - tells type checkers that there are fields
        raise AttributeError(name)


class _ParameterBinding(_Message):
    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802
        return "data"


def _kind(name: str, **constants: object) -> type[_Message]:
    return type(name, (_Message,), constants)


class _Protos:
    """The message classes that the library asks for, made when it does."""

    StatusResult = _kind("StatusResult", Failure=0, Success=1, Cancelled=2)
    BindingInfo = _kind(
        "BindingInfo", **{"in": 0, "out": 1, "inout": 2, "undefined": 0, "string": 1, "binary": 2, "stream": 3}
    )
    RpcHttpCookie = _kind(
        "RpcHttpCookie", SameSite=_kind("SameSite", **{"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})
    )
    RpcRetryOptions = _kind("RpcRetryOptions", exponential_backoff=0, fixed_delay=1)

    def __getattr__(self, name: str) -> type[_Message]:
        made = _kind(name)
        setattr(self, name, made)
        return made


_PROTOS = _Protos()
_SUCCESS = 1


def _envelope(request: _Message) -> _Message:
    return _Message(request=request, properties={"host": "127.0.0.1", "protos": _PROTOS})


def _failure(result: _Message) -> tuple[str, str] | None:
    if result.status == _SUCCESS:
        return None
    return str(result.exception.message), str(result.exception.stack_trace)


def _function(found: _Message) -> Function:
    bindings = [json.loads(binding) for binding in found.raw_bindings]
    trigger = next((binding for binding in bindings if binding["type"].endswith("Trigger")), None)
    if trigger is None:
        raise HostError(f"the function {found.name} has no trigger")
    outputs = {binding["name"]: binding for binding in bindings if binding is not trigger}
    return Function(found.name, found.function_id, trigger, outputs, found.retry_options is not None)


def _typed(data: Data) -> _Message:
    value = data.value
    if data.kind == "model_binding_data":
        value = _Message(**value)
    elif data.kind == "http":
        value = _Message(**{**value, "body": _Message(bytes=value["body"])})
    return _Message(**{data.kind: value})


def _untyped(message: _Message) -> Data:
    kind = message.WhichOneof("data")
    return Data(kind or "", getattr(message, kind) if kind else None)


def _metadata(value: object) -> _Message:
    return _Message(string=value) if isinstance(value, str) else _Message(json=json.dumps(value))


def _trace_parent() -> str:
    return f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
