"""What the browser tests share: a headless Chromium, and the checks that every page must pass.

Playwright is imported inside functions, because `make test` collects this folder without it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
SERIOUS = ("serious", "critical")
INSIDE = ("file:", "data:", "blob:", "about:")  # requests that do not leave the page
# The innermost elements that make a page wider than the window.
WIDE = """() => document.scrollingElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.children.length)
    .map(one => one.outerHTML.slice(0, 120))"""
# Whether every chart is drawn that is not in closed details.
DRAWN = """() => [...document.querySelectorAll("[data-chart]")].every(
    place => place.closest("details:not([open])") || place.querySelector("svg[aria-hidden], [aria-hidden] svg"))"""


class Visit:
    """An open page, with its console errors and all its requests.

    Attributes:
        page: Playwright's page.
        errors: its console errors and uncaught exceptions.
        requests: the address of each of its requests, the first of which is the page itself.
    """

    def __init__(self, context: Any, address: str, screenshots: Path | None) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._origin = "/".join(address.split("/")[:3]) + "/"
        self._screenshots = screenshots
        context.on("request", lambda request: self.requests.append(request.url))
        self.page = context.new_page()
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)

    def check(self, name: str, *, whole_page: bool = True) -> None:
        """Check the page in its present state, in both sizes and color schemes.

        No console errors; no requests except to files and the page's own server; no serious findings of axe; nothing
        wider than the window. If SCREENSHOTS names a folder, NAME-desktop-light.png and so on are written there.
        """
        problems: list[str] = []
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self.page.wait_for_timeout(50)  # for what is redrawn after a change of size or scheme
                if self._screenshots:
                    self._screenshots.mkdir(parents=True, exist_ok=True)
                    path = self._screenshots / f"{name}-{size}-{scheme}.png"
                    self.page.screenshot(path=path, full_page=whole_page)
                problems += [f"{size}, {scheme}: {fault}" for fault in self.faults()]
            problems += [f"{size}: wider than the window: {element}" for element in self.page.evaluate(WIDE)]
        assert problems == []
        assert self.foreign_requests == []
        assert self.errors == []

    @property
    def foreign_requests(self) -> list[str]:
        """The requests to anything but files and the page's own server."""
        local = INSIDE if self._origin.startswith("file:") else (*INSIDE[1:], self._origin)
        return [address for address in self.requests if not address.startswith(local)]

    def faults(self) -> list[str]:
        """Return the serious and critical findings of axe in the present state: rule, element and reason."""
        from axe_playwright_python.sync_playwright import Axe

        violations = Axe().run(self.page).response["violations"]
        return [
            f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
            for violation in violations
            if violation["impact"] in SERIOUS
            for node in violation["nodes"]
        ]


@pytest.fixture(scope="session")
def screenshots() -> Path | None:
    """The folder for screenshots; None if the variable SCREENSHOTS is not set."""
    folder = os.environ.get("SCREENSHOTS")
    return Path(folder) if folder else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, headless, as Playwright's browser."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed; `make test-browser` does that"
    )
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"there is no browser: looked for {', '.join(BROWSERS)}; Debian's is the package chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, screenshots: Path | None) -> Iterator[Callable[[str | Path], Visit]]:
    """Open an address or a file in a new window: visit(path).page, visit(path).check("name")."""
    contexts = []

    def open_it(address: str | Path) -> Visit:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, service_workers="block")
        context.set_default_timeout(60_000)
        contexts.append(context)
        return Visit(context, address.resolve().as_uri() if isinstance(address, Path) else address, screenshots)

    yield open_it
    for context in contexts:
        context.close()
