"""The report: the table and the page."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError
from pipeline.files import read_json
from pipeline.marks import between_marks, write_between_marks
from pipeline.params import BASELINES, LSTMS
from pipeline.polarity import polarity_table
from pipeline.report import Results, finding, page, results_table, seconds_of, where
from tests.conftest import ROOT

MODELS = (*BASELINES, *LSTMS)
SCORE = {
    "accuracy": 0.9,
    "accuracy_low": 0.89,
    "accuracy_high": 0.91,
    "f1": 0.9,
    "roc_auc": 0.95,
    "log_loss": 0.3,
    "ece": 0.02,
    "n": 25000,
}
INTRINSIC = {
    "analogies": {"accuracy": 0.1, "coverage": 0.5},
    "wordsim353": {"spearman": 0.1, "coverage": 0.5},
    "simlex999": {"spearman": 0.1, "coverage": 0.5},
}
PAIR = {"difference": 0.01, "low": 0.005, "high": 0.015, "mcnemar_p": 0.001, "n_gained": 10, "n_lost": 5}
SECONDS: dict[str, Any] = {
    "baseline": {"seconds": 70.0, "peak_memory_mib": 900.0, "hardware": "2 x a processor"},
    "classify-lstm_frozen-1": {"seconds": 100.0, "peak_memory_mib": 900.0, "hardware": "2 x a processor"},
    "classify-lstm_frozen-2": {"seconds": 200.0, "peak_memory_mib": 900.0, "hardware": "another"},
}


@pytest.fixture
def results() -> Results:
    split = {"reviews": 4, "positive": 2, "movies": 2, "distinct_texts": 4, "valid": 1}
    review = {
        "id": "test/<b>",
        "label": 0,
        "text": "I <script>alert(1)</script> it.<br />Twice & more.",
        "probabilities": {"lstm_finetuned": 0.9},
    }
    epoch = {"epoch": "1", "train_loss": "0.5", "valid_accuracy": "0.8"}
    curve = [{"model": model, "fpr": str(x), "tpr": str(x)} for model in MODELS for x in (0, 1)]
    bins = [{"model": model, "predicted": "0.5", "positive": "0.4", "n": "30"} for model in MODELS]
    cells = [
        {"model": model, "actual": actual, "predicted": predicted, "n": "2.0"}
        for model in MODELS
        for actual in ("negative", "positive")
        for predicted in ("negative", "positive")
    ]
    return Results(
        corpus={
            "train": split,
            "unsup": split,
            "test": split,
            "texts_in_both": {"train_test": 0, "unsup_test": 0, "train_unsup": 0},
        },
        embeddings={
            "n_words": 10,
            "token_coverage": 0.9,
            "heldout_loss": 2.5,
            **INTRINSIC,
        },
        test=dict.fromkeys(MODELS, SCORE),
        paired={lstm: dict.fromkeys(MODELS[: MODELS.index(lstm)], PAIR) for lstm in LSTMS},
        seconds=SECONDS,
        roc=curve,
        calibration=bins,
        confusion=cells,
        history={f"{model}-1": [epoch] for model in LSTMS},
        polarity={
            "word2vec": {"same_polarity": 0.7, "bag_of_vectors": 0.8, **INTRINSIC},
            "words": {"probes": 10, "among": 1234, "positive": 0.5},
        },
        words={
            "neighbors": {"word2vec": {"good": [["<b>", 1.0], ["bad", -1.0]]}},
            "map": {"word2vec": [["good", 0.0, 1.0, 1.0], ["$bad", 1.0, 0.0, -1.0], ["<b>", 2.0, 2.0, 1.0]]},
        },
        examples=[{"title": "wrong", "reviews": [review]}, {"title": "none", "reviews": []}],
    )


def test_seconds_are_the_mean_over_seeds_and_the_linear_models_share_theirs() -> None:
    assert seconds_of("lstm_frozen", SECONDS) == 150
    assert seconds_of("tfidf", SECONDS) == 70
    assert seconds_of("lstm_random", SECONDS) is None


def test_the_table_has_a_row_a_model() -> None:
    lines = results_table({"tfidf": SCORE, "lstm_random": SCORE}, SECONDS).splitlines()
    assert lines[2] == "| `tfidf` | 0.9000 | 0.8900 to 0.9100 | 0.9500 | 0.300 | 0.020 | 70 |"
    assert lines[3].endswith("|  |")  # never timed
    assert len({line.count("|") for line in lines}) == 1


def test_of_several_seeds_the_table_gives_mean_and_deviation() -> None:
    several = {**SCORE, "accuracy_sd": 0.0012, "n_seeds": 3}
    lines = results_table({"tfidf": SCORE, "lstm_frozen": several}, SECONDS).splitlines()
    assert lines[2].startswith("| `tfidf` | 0.9000 | ")
    assert lines[3].startswith("| `lstm_frozen` | 0.9000 ± 0.0012 | ")
    assert lines[-1] == "lstm_frozen: mean ± standard deviation of 3 seeds."


def test_the_page_gives_mean_and_deviation_of_several_seeds(results: Results) -> None:
    test = {**results.test, "lstm_frozen": {**SCORE, "accuracy_sd": 0.0012, "n_seeds": 3}}
    assert page(replace(results, test=test)).count("0.9000 ± 0.0012") == 1


def test_all_hardware_is_named() -> None:
    assert where(SECONDS) == "2 x a processor and another; all stages together 6 min"


def test_a_document_takes_the_table_between_its_marks() -> None:
    document = "a\n<!-- results -->\nold\n<!-- end of results -->\nb\n"
    changed = between_marks(document, "results", "new")
    assert changed == document.replace("old", "new")
    assert between_marks(changed, "results", "new") == changed
    with pytest.raises(InputError, match="lacks the lines <!-- results -->"):
        between_marks("a", "results", "new")


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.001, 0.01, "ahead of"), (-0.01, -0.001, "behind"), (-0.001, 0.01, "not to be told")]
)
def test_the_verdict_follows_the_interval(low: float, high: float, verdict: str) -> None:
    paired = {"lstm_finetuned": {"nbsvm": {**PAIR, "low": low, "high": high}}}
    assert finding(paired)[0].startswith(f"{verdict}")


def test_the_page_escapes_reviews_and_opens_offline(results: Results) -> None:
    html = page(results)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; it.\nTwice &amp; more." in html
    assert "test/&lt;b&gt;" in html
    assert not re.search(r"""(src|href)=["'][^#]|url\([^#]|@import""", html)


def test_the_page_is_the_same_each_time_and_names_every_model(results: Results) -> None:
    html = page(results)
    assert page(results) == html
    assert html.count("<svg") == 6
    for model in MODELS:
        assert html.count(f"<code>{model}</code>") >= 2


def test_the_readme_has_the_committed_results() -> None:
    test = read_json(ROOT / "metrics/test.json")
    seconds = {path.stem: read_json(path) for path in sorted((ROOT / "metrics/seconds").glob("*.json"))}
    readme = (ROOT / "README.md").read_text("utf-8")
    text = f"{results_table(test, seconds)}\n\n{where(seconds)}."
    assert between_marks(readme, "results", text) == readme, "run `python -m pipeline results --write README.md`"
    text = polarity_table(read_json(ROOT / "metrics/polarity.json"))
    assert between_marks(readme, "polarity", text) == readme, "run `python -m pipeline results --write README.md`"


def test_a_document_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"README.md cannot be read: No such file"):
        write_between_marks(tmp_path / "README.md", "results", "new")
