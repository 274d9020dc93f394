"""The page on which one asks the models: what it answers over HTTP."""

import asyncio
import ipaddress
import json
import socket
import time
import unicodedata
from collections.abc import Awaitable, Callable
from importlib.resources import files

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.core.errors import InputError
from pipeline.serve.predictor import READER, Models

MAX_BYTES = 1 << 16  # of a request; the longest of the 100,000 reviews has 14,000
HEADERS = {
    # What the page may load: its own script and style, and nothing from elsewhere.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LOCAL = ("localhost", "127.0.0.1", "::1")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RefusedError(Exception):
    """A request that gets no answer: the HTTP status and what to tell its author."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def readable(text: str) -> tuple[str, int]:
    """Turn control characters, and halves of characters, into spaces; return the text and how many there were.

    Raises:
        RefusedError: there is nothing in it to read.
    """
    bad = {c for c in set(text) if unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r"}
    n_bad = sum(map(text.count, bad))
    text = text.translate(dict.fromkeys(map(ord, bad), " "))
    if not text.strip():
        what = "There are only control characters in it" if n_bad else "There is nothing to read yet"
        raise RefusedError(400, f"{what}. Type a review, in English, of a film.")
    return text, n_bad


def too_long(found: str) -> RefusedError:
    """Return the refusal of a review of so many bytes."""
    return RefusedError(413, f"That is {found} bytes; a review may have up to {MAX_BYTES:,}. Shorten it.")


async def text_of(request: web.Request) -> str:
    """Return the review of a request, {"text": "..."} as JSON in UTF-8.

    Raises:
        RefusedError: it is too long, or anything else.
    """
    if request.content_type != "application/json":  # which a page from elsewhere cannot send without being asked first
        raise RefusedError(415, f'Send {{"text": "a review"}} as application/json, not {request.content_type}.')
    if (request.content_length or 0) > MAX_BYTES:
        raise too_long(f"{request.content_length:,}")
    try:
        value = json.loads(await request.read())
    except web.HTTPRequestEntityTooLarge:  # sent without its length
        raise too_long(f"more than {MAX_BYTES:,}") from None
    except (ValueError, RecursionError):
        raise RefusedError(400, 'That is no JSON in UTF-8; send {"text": "a review"}.') from None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise RefusedError(400, 'The JSON has no string called text; send {"text": "a review"}.')
    text: str = value["text"]
    return text


def application(models: Models) -> web.Application:
    """Return the page and its answers: GET /, /serve.css, /serve.js; POST /opinion. Nothing is kept of a request."""
    environment = Environment(loader=PackageLoader("pipeline"), undefined=StrictUndefined, autoescape=True)
    values = {"max_bytes": MAX_BYTES, "reader": READER, "nearest": models.nearest is not None}
    templates = files("pipeline") / "templates"
    texts = {
        "/": (environment.get_template("serve.html.j2").render(values), "text/html"),
        "/serve.css": ((templates / "serve.css").read_text("utf-8"), "text/css"),
        "/serve.js": ((templates / "serve.js").read_text("utf-8"), "text/javascript"),
    }
    busy = asyncio.Lock()  # one review at a time: two would only wait for each other's cores

    async def text(request: web.Request) -> web.Response:
        content, kind = texts[request.path]
        return web.Response(text=content, content_type=kind, charset="utf-8")

    async def opinion(request: web.Request) -> web.Response:
        started = time.perf_counter()
        review, n_control = readable(await text_of(request))
        async with busy:
            found = await asyncio.to_thread(models.opinion, review)
        milliseconds = round(1000 * (time.perf_counter() - started))
        return web.json_response({**found, "n_control": n_control, "milliseconds": milliseconds})

    app = web.Application(client_max_size=MAX_BYTES, middlewares=[_refusals])
    app.on_response_prepare.append(_add_headers)
    for path in texts:
        app.router.add_get(path, text)
    app.router.add_post("/opinion", opinion)
    return app


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what is refused with {"error": "..."}; and no page from elsewhere, whatever name it gives this machine."""
    try:
        transport = request.transport
        own = transport.get_extra_info("sockname")[0] if transport else ""
        if own in LOCAL and request.url.host not in LOCAL:
            raise RefusedError(421, f"This page is at http://localhost:{request.url.port}, not at {request.url.host}.")
        return await handler(request)
    except RefusedError as error:
        return web.json_response({"error": str(error)}, status=error.status)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def listen(host: str, port: int) -> socket.socket:
    """Take a port of this machine; 0 is any free one.

    Raises:
        InputError: the port is taken or not allowed, or the host is none of this machine's.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {host}, port {port} ({error}); name another with --port, 0 for any free one,"
            " or another --host, 127.0.0.1 for this machine alone"
        ) from None


def address(listening: socket.socket) -> str:
    """Return the address of the page that is served on a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def is_local(listening: socket.socket) -> bool:
    """Whether a socket can be reached from this machine alone."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def serve(models: Models, listening: socket.socket) -> None:
    """Answer on a socket until Ctrl-C; no request is logged."""
    web.run_app(application(models), sock=listening, print=None, access_log=None)
