"""Turn a chart of Vega-Lite into SVG: from standard input to standard output. Runs in .venv-bench."""

import json
import sys

import vl_convert

sys.stdout.write(vl_convert.vegalite_to_svg(json.load(sys.stdin)))
