"""Connections of the page: those that send nothing, or half a request, are closed; those that hung up get no work."""

import asyncio
import contextlib
import math
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

PATIENCE = 10.0  # seconds in which a request must arrive
MAX_WAITING = 100  # requests that wait for others; each has up to 64 KiB
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# By connection, the time since when it owes a request: infinity while one is being answered.
SILENT_SINCE = web.AppKey("silent_since", dict[Any, float])


@web.middleware
async def note_work(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note that a connection has sent the head of a request as long as it is being answered, then when that ended."""
    silent_since = request.app[SILENT_SINCE]
    silent_since[request.protocol] = math.inf
    try:
        return await handler(request)
    finally:
        silent_since[request.protocol] = asyncio.get_running_loop().time()


def hung_up(request: web.Request) -> bool:
    """Return whether the client of a request has closed its connection."""
    return request.transport is None or request.transport.is_closing()


async def close_silent(server: web.Server, silent_since: dict[Any, float], patience: float) -> None:
    """Close, without an end, the connections that have sent no whole head of a request for `patience` seconds."""
    now = asyncio.get_running_loop().time
    while True:
        connections = set(server.connections)
        for gone in silent_since.keys() - connections:
            del silent_since[gone]
        for connection in connections:
            if now() - silent_since.setdefault(connection, now()) > patience:
                connection.force_close()
        await asyncio.sleep(patience / 10)


async def _serve(app: web.Application, listening: socket.socket, patience: float) -> None:
    # A compressed body could unpack to a thousand times its size.
    runner = web.AppRunner(app, handle_signals=True, access_log=None, auto_decompress=False)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        assert runner.server is not None
        await close_silent(runner.server, app[SILENT_SINCE], patience)
    finally:
        await runner.cleanup()


def serve_until_ctrl_c(app: web.Application, listening: socket.socket, patience: float = PATIENCE) -> None:
    """Serve an application with `note_work` on a listening socket until Ctrl-C or SIGTERM."""
    with contextlib.suppress(web.GracefulExit, KeyboardInterrupt):
        asyncio.run(_serve(app, listening, patience))
