"""The vendored scripts: as their authors published them, and in the page of `dvc plots`."""

import hashlib
import re

import pytest

from pipeline.core.files import read_json
from pipeline.report.vega import plots_page, vendored, versions
from tests.conftest import ROOT

VENDOR = ROOT / "pipeline/vendor"
LISTED = read_json(VENDOR / "vendor.json")


@pytest.mark.parametrize("name", LISTED)
def test_a_script_has_the_digest_and_the_version_that_are_listed(name: str) -> None:
    content = (VENDOR / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == LISTED[name]["sha256"]
    assert f'"{LISTED[name]["version"]}"'.encode() in content
    assert (VENDOR / f"LICENSE.{LISTED[name]['package']}").is_file()


def test_no_other_script_is_there() -> None:
    assert {path.name for path in VENDOR.glob("*.js")} == set(LISTED)
    assert list(versions()) == ["vega", "vega-lite", "vega-embed"]


def test_the_scripts_can_stand_in_a_page() -> None:
    code = vendored()
    assert code.count("</script") == code.count("<script>") == len(LISTED)
    assert "sourceMappingURL" not in code  # a browser's tools would ask for it


def test_the_page_of_dvc_plots_holds_them_and_asks_for_nothing() -> None:
    kept = (ROOT / ".dvc/plots.html").read_text("utf-8")
    assert kept == plots_page(), "run `make plots-page`"
    for placeholder in ("{refresh_tag}", "{plot_divs}"):
        assert kept.count(placeholder) == 1
    assert "{scripts}" not in kept
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", re.sub(r"(?s)<script>.*?</script>", "", kept))


def test_the_configuration_names_the_page() -> None:
    assert "html_template = plots.html" in (ROOT / ".dvc/config").read_text("utf-8")
