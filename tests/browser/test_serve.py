"""The page on which one asks the models, in a browser."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import Visit
from tests.conftest import ROOT, Project

pytestmark = pytest.mark.browser

REVIEW = "The plot was really witty and warm , but the acting was dull . I was moved and I would see it again ."


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[str]:
    """The address of the page over the small run; or over the real one, where REAL is set, for screenshots."""
    folder = ROOT if os.environ.get("REAL") else project.folder
    command = project.command("pipeline", "serve", "--port", "0")
    with subprocess.Popen(command, cwd=folder, env=project.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = next(found for line in process.stdout if (found := re.match(r"http://\S+", line)))
        yield address[0]
        process.terminate()


@pytest.fixture
def seen(visit: Callable[[str], Visit], server: str) -> Visit:
    return visit(server)


def ask(seen: Visit, text: str) -> Any:
    """Type a review, press the button, wait for the answer; return the page."""
    seen.page.get_by_label("Your review").fill(text)
    seen.page.get_by_role("button", name="Ask").click()
    seen.page.locator("#answer:not([aria-busy])").wait_for()
    return seen.page


def test_the_page_is_sound_before_anything_is_asked(seen: Visit) -> None:
    assert not seen.page.locator("#answer").is_visible()
    seen.check("serve-empty")


def test_a_review_is_answered_by_every_model(seen: Visit) -> None:
    page = ask(seen, REVIEW)
    assert page.get_by_role("heading", level=2).first.inner_text() in ("Positive", "Negative")
    rows = page.locator("#models tr")
    assert rows.locator("code").all_inner_texts() == [
        "bag_of_vectors",
        "tfidf",
        "nbsvm",
        "lstm_random",
        "lstm_frozen",
        "lstm_finetuned",
    ]
    assert page.locator("#pieces").inner_text() == REVIEW
    assert page.locator("#nearest article").count() == 5
    seen.check("serve-answer")
    assert seen.requests.count(f"{page.url}opinion") == 1


def test_the_keyboard_alone_is_enough(seen: Visit) -> None:
    page = seen.page
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("A warm and witty film .")
    page.keyboard.press("Control+Enter")
    page.locator("#readout strong").wait_for()
    for expected in ("ask", "example", "word"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == expected
    page.keyboard.press("Home")
    assert page.locator("#readout").inner_text().startswith("A ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "word 3 of" in page.locator("#readout").inner_text()
    assert page.locator(".word.at").count() == 1
    assert "word 3" in page.locator("#word").get_attribute("aria-valuetext")


def test_html_in_a_review_is_shown_as_text(seen: Visit) -> None:
    review = "warm <img src=x onerror=alert(1)> <script>document.title = 'run'</script> <b>film</b> & dull"
    seen.page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page = ask(seen, review)
    assert page.locator("#pieces").inner_text() == review
    assert page.locator("#pieces img, #pieces script, #pieces b").count() == 0
    assert page.title() == "Ask the models"
    seen.check("serve-html")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is nothing to read yet"),
        ("  \n ", "There is nothing to read yet"),
        ("x" * 1_000_000, "1,000,011 bytes"),
    ],
)
def test_what_cannot_be_answered_is_said_at_once(seen: Visit, text: str, said: str) -> None:
    seen.page.get_by_label("Your review").fill(text)
    seen.page.get_by_role("button", name="Ask").click()
    assert said in seen.page.get_by_role("alert").inner_text()
    assert not any(address.endswith("opinion") for address in seen.requests)
    if len(text) < 100:
        seen.check("serve-nothing")
    page = ask(seen, REVIEW)
    assert not page.get_by_role("alert").is_visible()


def test_control_characters_are_counted_and_unknown_words_shown_as_such(seen: Visit) -> None:
    page = ask(seen, "a\x01warm\x1cplot zzzqqq")
    assert "2 control characters" in page.locator("#notes").inner_text()
    assert page.locator("#pieces .left-out").all_inner_texts() == ["zzzqqq"]
    page = ask(seen, "zzzqqq xxyyzz")
    assert "None of its words is in the vocabulary" in page.locator("#notes").inner_text()
    assert not page.locator("#reading").is_visible()
    seen.check("serve-unknown")


def test_a_long_review_says_what_was_not_read(seen: Visit) -> None:
    page = ask(seen, f"{'warm plot . ' * 120} {'dull plot . ' * 120}")
    assert "the first and the last, 600 in all" in page.locator("#notes").inner_text()
    assert page.locator("#pieces .left-out").count() == 120
    seen.check("serve-long")


def test_a_server_that_is_gone_is_said(seen: Visit) -> None:
    page = ask(seen, REVIEW)
    page.route("**/opinion", lambda route: route.abort())
    ask(seen, "And now ?")
    assert "does not answer" in page.get_by_role("alert").inner_text()
    page.unroute("**/opinion")
    ask(seen, "And now ?")
    assert not page.get_by_role("alert").is_visible()


def test_the_example_is_filled_in_and_answered(seen: Visit) -> None:
    seen.page.get_by_role("button", name="Fill in an example").click()
    seen.page.locator("#answer").wait_for()
    assert seen.page.get_by_label("Your review").input_value() == seen.page.locator("#pieces").inner_text()
    seen.check("serve-example")


def test_pointing_at_the_chart_or_a_word_tells_of_it(seen: Visit) -> None:
    page = ask(seen, REVIEW)
    page.locator(".word", has_text="dull").hover()
    assert page.locator("#readout strong").inner_text() == "dull"
    page.locator("#plot svg").hover(position={"x": 60, "y": 90})
    assert "word 1 of" in page.locator("#readout").inner_text()
