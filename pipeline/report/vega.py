"""Vega, Vega-Lite and Vega-Embed, kept in pipeline/report/vendor so that a page draws its charts offline."""

import json
from importlib import resources

VENDOR = resources.files("pipeline.report") / "vendor"

# `dvc plots` fills in the names in braces; it would load the scripts from the network, so they are in the page.
PLOTS_PAGE = """<!doctype html>
<html lang="en">
<head>
{refresh_tag}
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plots</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; color: #1d1f23; background: #fff; margin: 2rem; }
  body > div { display: inline-block; vertical-align: top; margin: 0 2rem 2rem 0; max-width: 100%; overflow-x: auto; }
  table { border-spacing: 15px; }
</style>
SCRIPTS
<script>
  // No menu entry that leaves the page.
  window.vegaEmbed = ((embed) => (place, spec) =>
    embed(place, spec, { renderer: "svg", actions: { export: true, source: true, compiled: false, editor: false } })
  )(window.vegaEmbed);
</script>
</head>
<body>
<noscript><p>The plots are drawn by a script; <code>dvc plots show --json</code> prints their numbers.</p></noscript>
{plot_divs}
</body>
</html>
"""


def vega_versions() -> dict[str, str]:
    """Return the version of each vendored package by its name, from pipeline/report/vendor/vendor.json."""
    listed: dict[str, dict[str, str]] = json.loads((VENDOR / "vendor.json").read_text("utf-8"))
    return {one["package"]: one["version"] for one in listed.values()}


def scripts() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as <script> elements, without the line that names a source map."""
    elements = []
    for name in json.loads((VENDOR / "vendor.json").read_text("utf-8")):
        code = (VENDOR / name).read_text("utf-8")
        elements.append(f"<script>{code[: code.index('//# sourceMappingURL=')].rstrip()}</script>")
    return "\n".join(elements)


def plots_page() -> str:
    """Return .dvc/plots.html, the page that `dvc plots` fills: it contains the scripts, so it works anywhere."""
    return PLOTS_PAGE.replace("SCRIPTS", scripts())
