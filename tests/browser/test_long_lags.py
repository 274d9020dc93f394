"""The page of the study of long time lags, with made-up results."""

from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.long_lags.page import page
from experiments.long_lags.tasks.table import TASKS
from tests.browser.conftest import DRAWN, Visit
from tests.long_lags.results import result

pytestmark = pytest.mark.browser

CELLS = ("lstm", "gru", "rnn", "irnn", "vanilla", "lstm1997", "clockwork", "mut1")
GRADIENTS = {"steps_back": [0.0, 50.0, 100.0], "untrained": [1.0, 1e-3, 1e-6], "trained": [1.0, 1e-5, 0.0]}


def test_the_page_of_the_long_lags_passes_all_checks(visit: Callable[[Path], Visit], tmp_path: Path) -> None:
    runs = {name: [result(cell, 5600, 48_000, None) for cell in CELLS] for name in TASKS}
    for one in runs["latch_100"]:
        one["gradients"] = GRADIENTS
    for one in runs["sinusoids"]:
        for seed in one["seeds"]:
            seed["squared_error"] = {"slow": 0.02, "fast": 0.1}
    (tmp_path / "page.html").write_text(page(runs), "utf-8")
    seen = visit(tmp_path / "page.html")
    seen.page.wait_for_function(DRAWN)
    seen.check("long_lags")
    assert seen.page.locator(".chart svg").count() == 8
    seen.page.get_by_role("button", name="Light").click()  # the last check was of the dark scheme
    assert seen.page.get_by_role("button", name="Dark").is_visible()
