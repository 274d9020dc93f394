"""The page that shows what the models say about a typed review, over HTTP."""

import asyncio
import ipaddress
import json
import re
import socket
import time
import unicodedata
from importlib.resources import files

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.core.errors import InputError
from pipeline.core.models import LEAD
from pipeline.serve.connections import (
    MAX_WAITING,
    PATIENCE,
    SILENT_SINCE,
    Handler,
    hung_up,
    note_work,
    serve_until_ctrl_c,
)
from pipeline.serve.predictor import Predictor

MAX_BYTES = 1 << 16  # of a request; the longest of the 100,000 reviews has 14,000
HEADERS = {
    # The page may load its own script and style only.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LOCAL = ("localhost", "127.0.0.1", "[::1]")
HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?", re.ASCII)  # of a request: a name or address, a port


class RefusedError(Exception):
    """A request that is refused, with the HTTP status and a message for its sender."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def readable(text: str) -> tuple[str, int]:
    """Replace control characters and lone surrogates by spaces; return the text and their number.

    Raises:
        RefusedError: nothing else is in it.
    """
    bad = {c for c in set(text) if unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r"}
    n_bad = sum(map(text.count, bad))
    text = text.translate(dict.fromkeys(map(ord, bad), " "))
    if not text.strip():
        what = "The review has only control characters" if n_bad else "The review is empty"
        raise RefusedError(400, f"{what}. Type some words first.")
    return text, n_bad


def too_long(n_bytes: str) -> RefusedError:
    """Return the refusal of a request of `n_bytes`."""
    return RefusedError(413, f"The review has {n_bytes} bytes; the limit is {MAX_BYTES:,}. Shorten it.")


async def text_of(request: web.Request) -> str:
    """Return the review of a request, whose body is {"text": "..."} as JSON in UTF-8.

    Raises:
        RefusedError: the body is too long or is something else.
    """
    if request.content_type != "application/json":  # another site's page cannot send it without a preflight request
        raise RefusedError(415, f'Send {{"text": "a review"}} as application/json, not {request.content_type}.')
    if (request.content_length or 0) > MAX_BYTES:
        raise too_long(f"{request.content_length:,}")
    try:
        async with asyncio.timeout(PATIENCE):
            content = await request.read()
    except TimeoutError:
        raise RefusedError(408, f"The review did not arrive within {PATIENCE:.0f} seconds. Send it again.") from None
    except web.HTTPRequestEntityTooLarge:  # sent without a Content-Length
        raise too_long(f"more than {MAX_BYTES:,}") from None
    return parse_request(content)


def parse_request(content: bytes) -> str:
    """Return the review of the body of a request.

    Raises:
        RefusedError: the body is not {"text": "..."} as JSON in UTF-8.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise RefusedError(400, 'The body is not JSON in UTF-8; send {"text": "a review"}.') from None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise RefusedError(400, 'The JSON has no string "text"; send {"text": "a review"}.')
    text: str = value["text"]
    return text


def application(predictor: Predictor) -> web.Application:
    """Return the web application: GET /, /serve.css, /serve.js and POST /predict. No request is stored or logged."""
    environment = Environment(loader=PackageLoader("pipeline.serve"), undefined=StrictUndefined, autoescape=True)
    similar = predictor.similar
    values = {
        "max_bytes": MAX_BYTES,
        "lead": LEAD,
        "n_models": len(predictor.baselines) + len(predictor.lstms),
        "similar": bool(similar),
        "of_imdb": bool(similar and similar.of_imdb),
    }
    templates = files("pipeline.serve") / "templates"
    texts = {
        "/": (environment.get_template("serve.html.j2").render(values), "text/html"),
        "/serve.css": ((templates / "serve.css").read_text("utf-8"), "text/css"),
        "/serve.js": ((templates / "serve.js").read_text("utf-8"), "text/javascript"),
    }
    n_waiting = 0
    busy = asyncio.Lock()  # one review at a time: two would compete for the same cores

    async def text(request: web.Request) -> web.Response:
        content, kind = texts[request.path]
        return web.Response(text=content, content_type=kind, charset="utf-8")

    async def predict(request: web.Request) -> web.Response:
        started = time.perf_counter()
        review, n_control = readable(await text_of(request))
        nonlocal n_waiting
        if n_waiting >= MAX_WAITING:
            raise RefusedError(503, "Too many reviews wait for an answer. Try again in a minute.")
        n_waiting += 1
        try:
            async with busy:
                if hung_up(request):  # no work for those who have left: others wait
                    raise RefusedError(499, "The client has closed its connection.")
                answer = await asyncio.to_thread(predictor.predict, review)
        finally:
            n_waiting -= 1
        milliseconds = round(1000 * (time.perf_counter() - started))
        return web.json_response({**answer, "n_control": n_control, "milliseconds": milliseconds})

    app = web.Application(client_max_size=MAX_BYTES, middlewares=[note_work, _refusals])
    app[SILENT_SINCE] = {}
    app.on_response_prepare.append(_add_headers)
    for path in texts:
        app.router.add_get(path, text)
    app.router.add_post("/predict", predict)
    return app


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a refused request with {"error": "..."}; refuse other host names, as DNS rebinding would send them."""
    try:
        here, port = request.transport.get_extra_info("sockname")[:2] if request.transport else ("", 0)
        named = request.headers.get("Host", "")
        host = HOST.fullmatch(named)
        if here and ipaddress.ip_address(here).is_loopback and (not host or host[1].lower() not in (*LOCAL, here)):
            raise RefusedError(421, f"This page is at http://localhost:{port}, not at {named[:100]}.")
        return await handler(request)
    except RefusedError as error:
        return web.json_response({"error": str(error)}, status=error.status)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def listen(host: str, port: int) -> socket.socket:
    """Listen on a port of this machine; 0 takes any free one.

    Raises:
        InputError: the port is taken or not allowed, or the host is not an address of this machine.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {host}, port {port} ({error}); choose another --port, 0 for any free one,"
            " or another --host, 127.0.0.1 for this machine only"
        ) from None


def address(listening: socket.socket) -> str:
    """Return the URL of the page on a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def is_local(listening: socket.socket) -> bool:
    """Return whether only this machine can reach a listening socket."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def serve(predictor: Predictor, listening: socket.socket) -> None:
    """Serve on a listening socket until Ctrl-C."""
    serve_until_ctrl_c(application(predictor), listening)
