"""Connections of the page: those that send nothing, or half a request, are closed; those that hung up get no work."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

PATIENCE = 10.0  # seconds in which a request must arrive
MAX_WAITING = 100  # requests that wait for others; each has up to 64 KiB
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
AT_WORK = web.AppKey("at_work", set[Any])  # the connections whose request has arrived and is not answered


@web.middleware
async def note_work(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note that a connection has sent the head of a request, as long as it is being answered."""
    at_work = request.app[AT_WORK]
    at_work.add(request.protocol)
    try:
        return await handler(request)
    finally:
        at_work.discard(request.protocol)


def hung_up(request: web.Request) -> bool:
    """Return whether the client of a request has closed its connection."""
    return request.transport is None or request.transport.is_closing()


async def close_silent(server: web.Server, at_work: set[Any], patience: float) -> None:
    """Close, without an end, the connections that have sent no whole head of a request for `patience` seconds."""
    now = asyncio.get_running_loop().time
    silent_since: dict[Any, float] = {}
    while True:
        silent_since = {one: silent_since.get(one, now()) for one in server.connections if one not in at_work}
        for connection, since in silent_since.items():
            if now() - since > patience:
                connection.force_close()
        await asyncio.sleep(patience / 10)


async def _serve(app: web.Application, listening: socket.socket, patience: float) -> None:
    # A compressed body could unpack to a thousand times its size.
    runner = web.AppRunner(app, handle_signals=True, access_log=None, auto_decompress=False)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        assert runner.server is not None
        await close_silent(runner.server, app[AT_WORK], patience)
    finally:
        await runner.cleanup()


def serve_until_ctrl_c(app: web.Application, listening: socket.socket, patience: float = PATIENCE) -> None:
    """Serve an application with `note_work` on a listening socket until Ctrl-C or SIGTERM."""
    with contextlib.suppress(web.GracefulExit, KeyboardInterrupt):
        asyncio.run(_serve(app, listening, patience))
