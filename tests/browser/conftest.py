"""What the browser tests share: a headless Chromium, pages that are watched, and what must hold of each.

Playwright is imported where it is used: `make test` collects this folder without it.
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
INSIDE = ("file:", "data:", "blob:", "about:")  # what leaves no page
# The innermost elements that make a page wider than its window.
WIDE = """() => document.scrollingElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.children.length)
    .map(one => one.outerHTML.slice(0, 120))"""


class Visit:
    """A page that is open, with its console errors and all its requests since it was opened.

    Attributes:
        page: Playwright's page.
        errors: what it wrote to the console as an error, and the exceptions that nothing caught.
        requests: the address of every request of the page, its own included.
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
        """Hold the page, as it stands, to all that every page must keep, in both sizes and colour schemes.

        No console error; no request but to files and to the server that it came from; axe finds nothing serious;
        nothing sticks out sideways. Where SCREENSHOTS names a folder, NAME-desktop-light.png and so on go there.
        """
        found: list[str] = []
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self.page.wait_for_timeout(50)  # for what a change of size or scheme draws anew
                if self._screenshots:
                    self._screenshots.mkdir(parents=True, exist_ok=True)
                    path = self._screenshots / f"{name}-{size}-{scheme}.png"
                    self.page.screenshot(path=path, full_page=whole_page)
                found += [f"{size}, {scheme}: {fault}" for fault in self.faults()]
            found += [f"{size}: wider than the window: {element}" for element in self.page.evaluate(WIDE)]
        assert found == []
        assert self.strangers == []
        assert self.errors == []

    @property
    def strangers(self) -> list[str]:
        """The requests that left the page: neither to a file nor to the server that it came from."""
        local = INSIDE if self._origin.startswith("file:") else (*INSIDE[1:], self._origin)
        return [address for address in self.requests if not address.startswith(local)]

    def faults(self) -> list[str]:
        """Return what axe finds serious or critical in the page as it stands: rule, element and reason."""
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
    """The folder for screenshots, made when the first is taken; None where the variable SCREENSHOTS is not set."""
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
        pytest.skip(f"no browser here, looked for {', '.join(BROWSERS)}; Debian's is the package chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, screenshots: Path | None) -> Iterator[Callable[[str | Path], Visit]]:
    """Open an address, or a file by its path, in a window of its own: visit(path).page, visit(path).check("name")."""
    contexts = []

    def open_it(address: str | Path) -> Visit:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, service_workers="block")
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Visit(context, address.resolve().as_uri() if isinstance(address, Path) else address, screenshots)

    yield open_it
    for context in contexts:
        context.close()
