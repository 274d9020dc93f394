"""The scripts that draw charts, kept in pipeline/vendor so that a page draws them without a network."""

import json
from importlib import resources

VENDOR = resources.files("pipeline") / "vendor"

# `dvc plots` fills in the three names in braces but for the scripts, which it would load from elsewhere.
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


def versions() -> dict[str, str]:
    """Return the version of each vendored package by its name, as pipeline/vendor/vendor.json tells."""
    listed: dict[str, dict[str, str]] = json.loads((VENDOR / "vendor.json").read_text("utf-8"))
    return {one["package"]: one["version"] for one in listed.values()}


def vendored() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as <script> elements, without the line that names a source map."""
    scripts = []
    for name in json.loads((VENDOR / "vendor.json").read_text("utf-8")):
        code = (VENDOR / name).read_text("utf-8")
        scripts.append(f"<script>{code[: code.index('//# sourceMappingURL=')].rstrip()}</script>")
    return "\n".join(scripts)


def plots_page() -> str:
    """Return the page that `dvc plots` fills, .dvc/plots.html: the scripts stand in it, wherever it is written to."""
    return PLOTS_PAGE.replace("SCRIPTS", vendored())
