"""The page of `python -m pipeline serve`, in a browser."""

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
    """The address of the page of the small project, or of the real run if REAL is set, for screenshots."""
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


def predict(seen: Visit, text: str) -> Any:
    """Type a review, press the button, wait for the answer; return the page."""
    seen.page.get_by_label("Your review").fill(text)
    seen.page.get_by_role("button", name="Predict").click()
    seen.page.locator("#answer:not([aria-busy])").wait_for()
    return seen.page


def test_the_empty_page_is_sound(seen: Visit) -> None:
    assert not seen.page.locator("#answer").is_visible()
    seen.check("serve-empty")


def test_a_review_is_answered_by_every_model(seen: Visit) -> None:
    page = predict(seen, REVIEW)
    assert page.get_by_role("heading", level=2).first.inner_text() in ("Positive", "Negative")
    rows = page.locator("#models tr")
    assert rows.locator("code").all_inner_texts() == [
        "bag_of_vectors",
        "tfidf",
        "nbsvm",
        "lstm_random",
        "lstm_frozen",
        "lstm_finetuned",
        "lstm_student",
    ]
    assert page.locator("#pieces").inner_text() == REVIEW
    assert page.locator("#similar article").count() == 5
    seen.check("serve-answer")
    assert seen.requests.count(f"{page.url}predict") == 1


def test_the_keyboard_alone_is_enough(seen: Visit) -> None:
    page = seen.page
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("A warm and witty film .")
    page.keyboard.press("Control+Enter")
    page.locator("#readout strong").wait_for()
    for expected in ("predict", "example", "step"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == expected
    page.keyboard.press("Home")
    assert page.locator("#readout").inner_text().startswith("Before the first token: ")
    assert page.locator(".step.at").count() == 0
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert "token 3 of the" in page.locator("#readout").inner_text()
    assert page.locator(".step.at").count() == 1
    assert "token 3" in page.locator("#step").get_attribute("aria-valuetext")


def test_html_in_a_review_is_shown_as_text(seen: Visit) -> None:
    review = "warm <img src=x onerror=alert(1)> <script>document.title = 'run'</script> <b>film</b> & dull"
    seen.page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page = predict(seen, review)
    assert page.locator("#pieces").inner_text() == review
    assert page.locator("#pieces img, #pieces script, #pieces b").count() == 0
    assert page.title() == "Try the models"
    seen.check("serve-html")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The review is empty"),
        ("  \n ", "The review is empty"),
        ("x" * 1_000_000, "1,000,011 bytes"),
    ],
)
def test_a_review_that_is_empty_or_too_long_is_refused_without_a_request(seen: Visit, text: str, message: str) -> None:
    seen.page.get_by_label("Your review").fill(text)
    seen.page.get_by_role("button", name="Predict").click()
    assert message in seen.page.get_by_role("alert").inner_text()
    assert not any(address.endswith("predict") for address in seen.requests)
    if len(text) < 100:
        seen.check("serve-nothing")
    page = predict(seen, REVIEW)
    assert not page.get_by_role("alert").is_visible()


def test_control_characters_are_counted_and_unknown_words_shown_as_such(seen: Visit) -> None:
    page = predict(seen, "a\x01warm\x1cplot zzzqqq")
    assert "2 control characters" in page.locator("#notes").inner_text()
    assert page.locator("#pieces .left-out").all_inner_texts() == ["zzzqqq"]
    page = predict(seen, "zzzqqq xxyyzz")
    assert "None of its words is in the vocabulary" in page.locator("#notes").inner_text()
    assert not page.locator("#prefixes").is_visible()
    seen.check("serve-unknown")


def test_a_long_review_says_what_was_not_read(seen: Visit) -> None:
    page = predict(seen, f"{'warm plot . ' * 120} {'dull plot . ' * 120}")
    assert "read 600 of its 720 known tokens" in page.locator("#notes").inner_text()
    assert page.locator("#pieces .left-out").count() == 120
    assert page.locator("#took").inner_text().startswith("720 words, 720 tokens")
    seen.check("serve-long")


def test_in_a_long_review_the_tokens_of_a_step_are_shaded_and_named_together(seen: Visit) -> None:
    review = " ".join(["The plot was really witty and warm."] * 38)  # 304 tokens: a step of two
    page = predict(seen, review)
    assert "computed for 2 tokens at a time" in page.locator("#notes").inner_text()
    assert page.locator("#took").inner_text().startswith("266 words, 304 tokens")
    page.locator(".step").nth(2).hover()
    assert page.locator(".step.at").all_inner_texts() == ["witty and"]
    assert page.locator("#readout strong").inner_text() == "witty and"
    assert "tokens 5 to 6 of the 304" in page.locator("#readout").inner_text()
    assert page.locator("#pieces").inner_text() == review
    assert page.locator("#step").get_attribute("max") == "152"


def test_the_slider_stays_in_its_column_and_under_the_cursor(seen: Visit) -> None:
    page = predict(seen, REVIEW)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        slider, column = page.locator("#step").bounding_box(), page.locator("main").bounding_box()
        assert slider["x"] >= column["x"]
        assert slider["x"] + slider["width"] <= column["x"] + column["width"] + 0.5
        page.locator("#step").focus()
        for key, edge in (("Home", slider["x"] + 8), ("End", slider["x"] + slider["width"] - 8)):
            page.keyboard.press(key)
            circle = page.locator("#plot circle").bounding_box()
            assert abs(circle["x"] + circle["width"] / 2 - edge) < 2


def test_the_keyboard_shortcut_is_not_shown_on_a_phone(seen: Visit, browser: Any, server: str) -> None:
    assert seen.page.locator("#hint").is_visible()
    context = browser.new_context(viewport={"width": 844, "height": 390}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(server)
    assert not page.locator("#hint").is_visible()
    context.close()


def test_a_server_that_is_gone_is_reported(seen: Visit) -> None:
    page = predict(seen, REVIEW)
    page.route("**/predict", lambda route: route.abort())
    predict(seen, "And now ?")
    assert "does not answer" in page.get_by_role("alert").inner_text()
    page.unroute("**/predict")
    predict(seen, "And now ?")
    assert not page.get_by_role("alert").is_visible()


def test_the_example_is_filled_in_and_answered(seen: Visit) -> None:
    seen.page.get_by_role("button", name="Use an example").click()
    seen.page.locator("#answer").wait_for()
    assert seen.page.get_by_label("Your review").input_value() == seen.page.locator("#pieces").inner_text()
    seen.check("serve-example")


def test_pointing_at_the_chart_or_a_word_shows_its_values(seen: Visit) -> None:
    page = predict(seen, REVIEW)
    page.locator(".step", has_text="dull").hover()
    assert page.locator("#readout strong").inner_text() == "dull"
    page.locator("#plot svg").hover(position={"x": 84, "y": 90})
    assert "token 1 of the" in page.locator("#readout").inner_text()
