"""The vendored scripts are as published, and in the page of `dvc plots`."""

import hashlib
import re

import pytest

from pipeline.core.files import read_json
from pipeline.report.vega import plots_page, scripts, vega_versions
from tests.conftest import ROOT

VENDOR = ROOT / "pipeline/report/vendor"
LISTED = read_json(VENDOR / "vendor.json")


@pytest.mark.parametrize("name", LISTED)
def test_a_script_has_the_digest_and_the_version_that_are_listed(name: str) -> None:
    content = (VENDOR / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == LISTED[name]["sha256"]
    assert f'"{LISTED[name]["version"]}"'.encode() in content
    assert (VENDOR / f"LICENSE.{LISTED[name]['package']}").is_file()


def test_there_is_no_other_script() -> None:
    assert {path.name for path in VENDOR.glob("*.js")} == set(LISTED)
    assert list(vega_versions()) == ["vega", "vega-lite", "vega-embed"]


def test_the_scripts_can_be_part_of_a_page() -> None:
    code = scripts()
    assert code.count("</script") == code.count("<script>") == len(LISTED)
    assert "sourceMappingURL" not in code  # a browser's tools would ask for it


def test_the_page_of_dvc_plots_contains_them_and_loads_nothing() -> None:
    page = (ROOT / ".dvc/plots.html").read_text("utf-8")
    assert page == plots_page(), "run `make plots-page`"
    for placeholder in ("{refresh_tag}", "{plot_divs}"):
        assert page.count(placeholder) == 1
    assert "{scripts}" not in page
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", re.sub(r"(?s)<script>.*?</script>", "", page))


def test_the_configuration_names_the_page() -> None:
    assert "html_template = plots.html" in (ROOT / ".dvc/config").read_text("utf-8")
