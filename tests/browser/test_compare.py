"""The page of a comparison in a browser."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.compare.page import page
from tests.browser.conftest import DRAWN, Visit
from tests.compare.repository import HOSTILE, Repository, comparison_of, reviews

pytestmark = pytest.mark.browser


@pytest.fixture
def seen(visit: Callable[[Path], Visit], tmp_path: Path) -> Visit:
    repository = Repository(tmp_path / "repository")
    repository.commit("The first run")
    path = tmp_path / "page.html"
    path.write_text(page(comparison_of(repository), 0.05, reviews()), "utf-8")
    seen = visit(path)
    seen.page.wait_for_function(DRAWN)
    return seen


def test_the_page_of_a_comparison_passes_all_checks(seen: Visit) -> None:
    seen.check("compare")
    assert seen.page.locator(".chart svg").count() == 2
    seen.page.get_by_role("button", name="Light").click()  # the last check was of the dark scheme
    assert seen.page.get_by_role("button", name="Dark").is_visible()


def test_html_in_a_changed_review_is_shown_as_text(seen: Visit) -> None:
    text = seen.page.locator(".review .text").first
    assert HOSTILE in text.inner_text()
    assert text.locator("script, b").count() == 0


def test_each_side_shows_its_own_probability_on_hover(seen: Visit) -> None:
    for side in seen.page.locator(".review[open] [data-percents]").all():
        side.locator(".text i").nth(1).hover()
        assert side.locator(".here").inner_text() == "after “hated”: 10\u00a0%"
    assert seen.errors == []
