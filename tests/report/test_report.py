"""The report: the table and the page."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InputError
from pipeline.core.files import read_json
from pipeline.core.models import BASELINES, LSTMS
from pipeline.polarity.polarity import polarity_table
from pipeline.report.page import Results, page, reading, results_table, seconds_of, shade, where
from pipeline.report.tables import between_marks, write_between_marks
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
PAIR = {"difference": 0.01, "low": 0.005, "high": 0.015, "p": 0.001, "n_gained": 10, "n_lost": 5}
SECONDS: dict[str, Any] = {
    "baseline": {"seconds": 70.0, "peak_memory_mib": 900.0, "hardware": "2 x a processor"},
    "classify-lstm_frozen-1": {"seconds": 100.0, "peak_memory_mib": 900.0, "hardware": "2 x a processor"},
    "classify-lstm_frozen-2": {"seconds": 200.0, "peak_memory_mib": 900.0, "hardware": "another"},
}


@pytest.fixture
def results() -> Results:
    split = {"reviews": 4, "positive": 2, "movies": 2, "distinct_texts": 4, "valid": 1}
    review = {
        "label": 0,
        "rating": 2,
        "probabilities": dict.fromkeys(MODELS, 0.9),
        "before": 0.5,
        "pieces": [["I", 0.6], [" <script>alert(1)</script> it.\nTwice ", None], ["&", 0.2], [" more.", None]],
    }
    epoch = {"epoch": "1", "train_loss": "0.5", "valid_loss": "0.4", "valid_accuracy": "0.8"}
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
        slices=[
            {"slice": kind, "group": "1 to 9", "n": "4", "model": model, "accuracy": "0.5", "low": "0.2", "high": "0.8"}
            for kind in ("length", "oov")
            for model in MODELS
        ],
        history={f"{model}-1": [epoch] for model in LSTMS},
        polarity={
            "word2vec": {"same_polarity": 0.7, "bag_of_vectors": 0.8, **INTRINSIC},
            "words": {"probes": 10, "among": 1234, "positive": 0.5},
        },
        words={
            "neighbors": {"word2vec": {"good": [["<b>", 1.0], ["bad", -1.0]]}},
            "map": {"word2vec": [["good", 0.0, 1.0, 1.0], ["$bad", 1.0, 0.0, -1.0], ["<b>", 2.0, 2.0, 1.0]]},
        },
        examples={
            "model": "lstm_finetuned",
            "reference": "bag_of_vectors",
            "seed": 1,
            "groups": [
                {"kind": "model_alone", "n": 30, "ids": ["test/<b>"]},
                {"kind": "reference_alone", "n": 1, "ids": ["test/<b>"]},
                {"kind": "mistakes", "n": 0, "ids": []},
            ],
            "reviews": {"test/<b>": review},
        },
        provenance={"versions": {"python": "3.11.9"}, "test_md5": "0cc1", "corpus_sha256": None},
        params={
            "seeds": [1],
            "tokenize": {"drop_test_duplicates": True},
            "embed": {"pretrained": None, "sample": 0.001},
        },
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


def test_all_hardware_is_named() -> None:
    assert where(SECONDS) == "2 x a processor and another; all stages together 6 min"


def test_a_document_takes_the_table_between_its_marks() -> None:
    document = "a\n<!-- results -->\nold\n<!-- end of results -->\nb\n"
    changed = between_marks(document, "results", "new")
    assert changed == document.replace("old", "new")
    assert between_marks(changed, "results", "new") == changed
    with pytest.raises(InputError, match="lacks the lines <!-- results -->"):
        between_marks("a", "results", "new")


def markup(html: str) -> str:
    """The page without its scripts and data."""
    return re.sub(r"(?s)<script.*?</script>", "", html)


def test_the_page_escapes_reviews_and_opens_offline(results: Results) -> None:
    html = page(results)
    assert html.count("<script") == 6  # two of data, three of Vega, its own
    assert '<i class="u2">I</i> &lt;script&gt;alert(1)&lt;/script&gt; it.\nTwice <i class="d4">&amp;</i> more.' in html
    assert "test/&lt;b&gt;" in html
    assert "<b>" not in re.search(r'(?s)id="specs">(.*?)</script>', html)[1]  # type: ignore[index]
    assert not re.search(r"""(src|href)=["'][^#]|url\([^#]|@import""", markup(html))


def test_the_page_is_the_same_each_time_and_names_every_model(results: Results) -> None:
    html = page(results)
    assert page(results) == html
    for model in MODELS:
        assert html.count(f"<code>{model}</code>") >= 2


def test_every_place_of_a_chart_has_its_specification_and_words_for_it(results: Results) -> None:
    html = page(results)
    specs = json.loads(re.search(r'(?s)id="specs">(.*?)</script>', html)[1])  # type: ignore[index]
    places = re.findall(r'data-chart="(.+?)" role="img" aria-label="(.+?)"', html)
    assert {place for place, _ in places} == set(specs)
    assert {"differences", "roc", "calibration", "slice-length", "slice-oov", "map-word2vec"} <= set(specs)
    assert "These reviews have no stars" in html


def test_the_first_sentence_follows_the_interval(results: Results) -> None:
    test = {model: {**SCORE, "accuracy": 0.9 + i / 100} for i, model in enumerate(MODELS)}
    first = markup(page(replace(results, test=test)))
    assert re.search(
        r"<h1><code>lstm_finetuned</code> is right on 95.00 % of the reviews,\s+1.00 points ahead of", first
    )
    unclear = {
        lstm: {reference: {**PAIR, "low": -0.001} for reference in found} for lstm, found in results.paired.items()
    }
    first = markup(page(replace(results, test=test, paired=unclear)))
    assert re.search(r"the most of all, but not to be told from <code>lstm_frozen</code>", first)
    assert "not to be told from <code>nbsvm</code>: +1.00 points" in first


def test_a_baseline_that_wins_is_said_to(results: Results) -> None:
    test = {model: {**SCORE, "accuracy": 0.9 - i / 100} for i, model in enumerate(MODELS)}
    behind = {"difference": -0.01, "low": -0.015, "high": -0.005}
    paired = {lstm: {reference: {**PAIR, **behind} for reference in found} for lstm, found in results.paired.items()}
    first = markup(page(replace(results, test=test, paired=paired)))
    assert re.search(r"<h1><code>bag_of_vectors</code> is right on 90.00 % of the reviews,\s+the most of all", first)
    assert "ahead of <code>lstm_random</code> by 1.00 points" in first


def test_the_spread_over_seeds_is_shown_where_there_is_one(results: Results) -> None:
    assert "sd of seeds" not in page(results)
    test = {model: {**SCORE, "accuracy_sd": 0.0012, "n_seeds": 3} for model in MODELS}
    html = page(replace(results, test=test))
    assert "sd of seeds" in html
    assert html.count("± 0.12") == len(MODELS)


def test_a_word_is_shaded_by_how_far_it_moved_the_probability() -> None:
    assert [shade(move) for move in (0.0, 0.019, 0.02, -0.06, 0.2, -0.9)] == ["", "", "u1", "d2", "u3", "d4"]


def test_a_review_of_which_nothing_was_read_has_a_line_too() -> None:
    found = reading({"before": 0.4, "pieces": [["zzz", None]]})
    assert found["words"] == [("zzz", None)]
    assert (found["first"], found["last"], found["n_words"], found["turns"], found["percents"]) == (0.4, 0.4, 0, [], "")
    assert found["line"] == "0,17.8"


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
