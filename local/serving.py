"""Web applications in threads: for what runs beside a test in the same process."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from aiohttp import web

HOST = "127.0.0.1"


@contextmanager
def serve_in_thread(
    application: web.Application,
    *,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    reuse_port: bool = False,
    **server_options: Any,  # noqa: ANN401 (those of aiohttp's AppRunner)
) -> Iterator[int]:
    """Serve a web application on 127.0.0.1 in a thread of its own; yields the port.

    Args:
        application: what to serve.
        port: where to listen; 0 takes any free port.
        tls: serves https with it.
        reuse_port: shares the port with other processes that do the same.
        server_options: further options of `AppRunner`.
    """
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Future()

    async def serve() -> None:
        stop = asyncio.Event()
        runner = web.AppRunner(application, access_log=None, **server_options)
        await runner.setup()
        site = web.TCPSite(runner, HOST, port, ssl_context=tls, reuse_port=reuse_port or None)
        await site.start()
        started.set_result((asyncio.get_running_loop(), stop, runner.addresses[0][1]))
        await stop.wait()
        await site.stop()
        server = runner.server
        # Clients may leave connections open, and TLS would wait for each of them to say goodbye.
        for connection in server.connections if server else ():
            if connection.transport:
                connection.transport.abort()
        while server and server.connections:
            await asyncio.sleep(0)
        await runner.cleanup()

    def run() -> None:
        try:
            asyncio.run(serve())
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run, name="serve_in_thread", daemon=True)
    thread.start()
    loop, stop, actual_port = started.result(timeout=30)
    try:
        yield actual_port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
