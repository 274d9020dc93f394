"""The checks of the browser tests catch a page that breaks each rule."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

GOOD = (
    '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>a</title>'
    "<main><h1>A page</h1>{}</main>"
)


def page_with(folder: Path, what: str) -> Path:
    path = folder / "page.html"
    path.write_text(GOOD.format(what), "utf-8")
    return path


def test_a_good_page_passes_and_leaves_screenshots(visit: Callable[[Path], Visit], tmp_path: Path) -> None:
    seen = visit(page_with(tmp_path, "<p>Nothing is wrong here.</p>"))
    seen._screenshots = tmp_path / "seen"
    seen.check("good")
    assert sorted(path.stem for path in (tmp_path / "seen").glob("*.png")) == [
        "good-desktop-dark",
        "good-desktop-light",
        "good-phone-dark",
        "good-phone-light",
    ]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("<script>console.error('broken')</script>", "broken"),
        ("<script>nothing.at.all</script>", "nothing is not defined"),
        ("<img alt='' src='http://127.0.0.1:9/a.png'>", "127.0.0.1:9"),
        ("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "image-alt"),
        ("<p style='color: #bbb; background: #fff'>hard to read</p>", "color-contrast"),
        ("<p style='width: 900px'>too wide</p>", "wider than the window"),
    ],
)
def test_a_page_that_breaks_a_rule_is_caught(
    visit: Callable[[Path], Visit], tmp_path: Path, what: str, said: str
) -> None:
    seen = visit(page_with(tmp_path, what))
    with pytest.raises(AssertionError, match=said):
        seen.check("broken")
