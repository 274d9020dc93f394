"""Draw Vega-Lite specifications as SVG files, with the scripts of the report, in the system's Chromium.

A file contains the colors of the report, light and dark, and its own background, so it is legible on any page: a
browser picks the colors by the reader's scheme.
"""

import hashlib
import html
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.core.errors import InputError
from pipeline.report import vega
from pipeline.report.charts import CONFIG, Spec

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom")
PAGE = """<!doctype html>
<meta charset="utf-8">
<body>
SCRIPTS
<script>
  const draw = async (spec) => new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: "none" }).toSVG();
  const place = document.body.appendChild(document.createElement("drawn-charts"));
  const show = (text) => (place.textContent = text);
  Promise.all(SPECS.map(draw)).then((drawn) => show(JSON.stringify(drawn)), (error) => show(String(error)));
</script>
"""
COLOR = re.compile(r"--([a-z]+): (?:light-dark\((#\w+), (#\w+)\)|(#\w+));")


def colors() -> dict[str, tuple[str, str]]:
    """Return the colors of the report's style sheet by name: on light and on dark paper."""
    css = (resources.files("pipeline.report") / "templates/report.css").read_text("utf-8")
    screen = css.partition("}")[0]  # the first rule; a later one is about print
    return {name: (light or both, dark or both) for name, light, dark, both in COLOR.findall(screen)}


def digest(spec: Spec) -> str:
    """Return the digest of a specification, which its file contains: it shows whether the file is up to date."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()


def drawn_from(svg: str) -> str:
    """Return the digest of the specification that a file was drawn from; empty if it has none."""
    attribute = re.search(r'data-spec="(\w+)"', svg)
    return attribute[1] if attribute else ""


def with_colors(svg: str, spec: Spec) -> str:
    """Add to a drawing the colors that it uses and the digest of its specification."""
    known = colors()
    used = [name for name in known if f"var(--{name})" in svg]
    light, dark = ("".join(f"--{name}:{known[name][i]};" for name in used) for i in (0, 1))
    style = f"<style>svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"
    return re.sub(r"^<svg([^>]*)>", rf'<svg\1 data-spec="{digest(spec)}">{style}', svg, count=1) + "\n"


def draw(specs: Sequence[Spec]) -> list[str]:
    """Return each specification as an SVG file's text.

    Raises:
        InputError: there is no browser, or it draws nothing.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError(f"no browser to draw with: looked for {', '.join(BROWSERS)}; install one of them")
    config = {**CONFIG, "background": "var(--paper)", "padding": 16}
    given = json.dumps([{**spec, "config": config} for spec in specs]).replace("<", "\\u003c")
    with TemporaryDirectory() as folder:
        page = Path(folder) / "charts.html"
        page.write_text(PAGE.replace("SPECS", given).replace("SCRIPTS", vega.scripts()), "utf-8")
        command = [browser, *OPTIONS, f"--user-data-dir={folder}/profile", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True)
    said = html.unescape(done.stdout.rpartition("<drawn-charts>")[2].partition("</drawn-charts>")[0])
    try:
        drawings: list[str] = json.loads(said)
    except json.JSONDecodeError:
        raise InputError(
            f"{browser} draws no charts ({said or done.stderr[-300:]}); update it or the specification"
        ) from None
    return [with_colors(svg, spec) for svg, spec in zip(drawings, specs, strict=True)]
