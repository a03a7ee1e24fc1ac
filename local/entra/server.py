"""Serve a simulator on the loopback interface: for a process of its own, or in a thread of a test."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from local.entra.app import create_app
from local.entra.simulator import Simulator

HOST = "127.0.0.1"


async def start(simulator: Simulator, port: int = 0, tls: ssl.SSLContext | None = None) -> tuple[web.AppRunner, str]:
    """Begin to serve.

    Args:
        simulator: What to serve.
        port: Where; 0 takes a free one.
        tls: For https.

    Returns:
        What to clean up in the end, and the URL.
    """
    # Nobody waits long for calls that are being delayed on purpose.
    runner = web.AppRunner(create_app(simulator), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port, ssl_context=tls, backlog=1024).start()
    except BaseException:
        await runner.cleanup()
        raise
    return runner, f"{'https' if tls else 'http'}://{HOST}:{runner.addresses[0][1]}"


@contextmanager
def serving(simulator: Simulator, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve from a thread for as long as the block lasts.

    Yields:
        The URL.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="entra-simulator", daemon=True)
    thread.start()
    try:
        runner, url = asyncio.run_coroutine_threadsafe(start(simulator, tls=tls), loop).result()
        try:
            yield url
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
