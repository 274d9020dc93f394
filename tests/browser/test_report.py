"""The report and the page of `dvc plots` in a browser."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import DRAWN, Visit
from tests.conftest import ROOT, Project

pytestmark = pytest.mark.browser


def opened(visit: Callable[[Path], Visit], path: Path) -> Visit:
    """Open a report and wait for its charts."""
    seen = visit(path)
    seen.page.wait_for_function(DRAWN)
    return seen


@pytest.fixture
def seen(visit: Callable[[Path], Visit], project: Project) -> Visit:
    """The report of the small run; if REAL is set, of the real run, for screenshots."""
    return opened(visit, (ROOT if os.environ.get("REAL") else project.folder) / "report/index.html")


def test_the_report_passes_all_checks(seen: Visit) -> None:
    seen.check("report", whole_page=not os.environ.get("REAL"))
    assert seen.page.locator(".chart svg").count() >= 8


def test_the_button_changes_the_colors_of_page_and_charts(seen: Visit) -> None:
    page = seen.page
    axis = "getComputedStyle(document.querySelector('.chart svg text')).fill"
    paper = "getComputedStyle(document.body).backgroundColor"
    light = (page.evaluate(axis), page.evaluate(paper))
    page.get_by_role("button", name="Dark").press("Enter")
    assert page.get_by_role("button", name="Light").is_visible()
    dark = (page.evaluate(axis), page.evaluate(paper))
    assert dark[0] != light[0]
    assert dark[1] != light[1]
    assert seen.faults() == []
    page.emulate_media(media="print")  # paper is white, whatever the button says
    assert page.evaluate(paper) == "rgb(255, 255, 255)"


def test_a_table_is_sorted_with_the_keyboard(seen: Visit) -> None:
    table = seen.page.locator("#results table")
    heading = table.get_by_role("columnheader", name="log loss")
    losses = table.locator("tbody tr td:nth-last-child(3)")
    before = losses.all_inner_texts()
    heading.get_by_role("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert losses.all_inner_texts() == sorted(before, key=float, reverse=True)
    heading.get_by_role("button").press("Space")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert losses.all_inner_texts() == sorted(before, key=float)
    table.get_by_role("columnheader", name="model").get_by_role("button").press("Enter")
    names = table.locator("tbody th code").all_inner_texts()
    assert names == sorted(names)
    assert table.locator("[aria-sort]").count() == 1


def test_pairs_are_sorted_by_their_numbers(seen: Visit) -> None:
    table = seen.page.locator("#paired table")
    table.get_by_role("columnheader", name="points").get_by_role("button").press("Enter")
    points = [float(text.replace("\u2212", "-")) for text in table.locator("tbody td:nth-child(4)").all_inner_texts()]
    assert points == sorted(points, reverse=True)


def test_reviews_are_searched_and_filtered_with_the_keyboard(seen: Visit) -> None:
    page = seen.page
    count = page.locator("#tools output")
    n = page.locator(".review").count()
    assert count.inner_text() == f"{n} of {n} reviews"
    word = re.findall(r"[a-z]{4,}", page.locator(".review .text").first.inner_text())[0]
    search = page.get_by_label("Search the text")
    search.focus()
    page.keyboard.type(word.upper())
    texts = page.locator(".review:visible .text").all_text_contents()
    assert 0 < len(texts) <= n
    assert all(word in text.lower() for text in texts)
    assert count.inner_text() == f"{len(texts)} of {n} reviews"
    search.fill("no such words in any review")
    assert count.inner_text() == f"0 of {n} reviews"
    assert page.locator(".none:visible").count() == 3
    search.fill("")
    page.get_by_label("Label").focus()
    page.keyboard.press("ArrowDown")
    labels = {one.get_attribute("data-label") for one in page.locator(".review:visible").all()}
    assert labels <= {"1"}
    page.get_by_label("Show").select_option("mistakes")
    assert page.locator(".group:visible").count() == 1
    assert seen.faults() == []
    assert seen.errors == []


def test_reviews_are_ordered(seen: Visit) -> None:
    page = seen.page
    for key, sign in (("confidence", -1), ("length", 1), ("range", -1)):
        page.get_by_label("Order").select_option(key)
        for group in page.locator(".group").all():
            values = [sign * float(one.get_attribute(f"data-{key}") or 0) for one in group.locator(".review").all()]
            assert values == sorted(values), key


def test_hovering_over_a_word_shows_the_probability_after_it(seen: Visit) -> None:
    review = seen.page.locator(".review[open]").first
    review.locator(".text i").nth(1).hover()
    percent = (review.get_attribute("data-percents") or "").split()[1]
    assert review.locator(".here").inner_text().endswith(f": {percent}\u00a0%")


def test_hovering_over_a_chart_shows_its_values(seen: Visit) -> None:
    page = seen.page
    page.locator("[data-chart=differences] svg .mark-symbol path").first.hover(force=True)
    page.locator("#vg-tooltip-element.visible").wait_for()
    assert "points ahead" in page.locator("#vg-tooltip-element").inner_text()


def test_printing_opens_everything_and_restores_it(seen: Visit) -> None:
    page = seen.page
    page.get_by_label("Show").select_option("mistakes")
    closed, hidden = page.locator("details:not([open])").count(), page.locator(".review[hidden]").count()
    assert closed > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.locator(".review[hidden]").count() == 0
    page.wait_for_function("[...document.querySelectorAll('[data-chart]')].every(place => place.querySelector('svg'))")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == closed
    assert page.locator(".review[hidden]").count() == hidden
    assert seen.errors == []


def test_html_in_a_review_is_shown_as_text(visit: Callable[[Path], Visit], project_copy: Project) -> None:
    path = project_copy.folder / "data/examples.json"
    hostile = "<img src=x onerror=alert(1)> <script>document.title = 'run'</script> </details> & <b>bold</b>"
    changed = re.sub(r'"pieces": \[\s*\[\s*"', lambda match: match[0] + hostile + " ", path.read_text("utf-8"))
    path.write_text(changed, "utf-8")
    project_copy.run("stages", "report")
    seen = opened(visit, project_copy.folder / "report/index.html")
    first = seen.page.locator(".review .text").first
    assert hostile in first.inner_text()
    assert first.locator("img, script, b").count() == 0
    assert seen.page.title() == "word2vec + LSTM: the comparison"
    assert seen.errors == []
    assert seen.foreign_requests == []


def test_dvc_plots_are_drawn_without_a_network(
    visit: Callable[[Path], Visit], project_copy: Project, tmp_path: Path
) -> None:
    out = tmp_path / "folder" / "plots"
    out.parent.mkdir()
    project_copy.run("dvc", "plots", "show", "--out", str(out))
    seen = visit(out / "index.html")
    places = seen.page.locator("body > div")
    seen.page.wait_for_function("[...document.querySelectorAll('body > div')].every(one => one.querySelector('svg'))")
    assert places.count() == 10  # four runs, two losses of vectors, ROC, calibration, confusion, slices
    assert seen.errors == []
    assert seen.foreign_requests == []
