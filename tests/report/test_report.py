"""The page of the report."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from pipeline.core.models import MODELS, NETWORKS
from pipeline.report.figures import roc_window
from pipeline.report.page import Results, annotate, page, shade
from pipeline.report.word_map import DOT, LETTER, LINE, place_labels

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
GAP = {
    "accuracy": {"valid": 0.92, "test": 0.9, "gap": 0.02, "low": 0.01, "high": 0.03},
    "log_loss": {"valid": 0.21, "test": 0.2, "gap": 0.01, "low": -0.01, "high": 0.03},
}
UNCLEAR = {**PAIR, "low": -0.001, "p": 0.2}
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
            "token_coverage": 0.96,
            "heldout_loss": 2.5,
        },
        test=dict.fromkeys(MODELS, SCORE),
        paired={model: dict.fromkeys(MODELS[: MODELS.index(model)], PAIR) for model in (*NETWORKS, "ensemble")},
        gap=dict.fromkeys(MODELS, GAP),
        seconds=SECONDS,
        roc=curve,
        calibration=bins,
        confusion=cells,
        slices=[
            {"slice": kind, "group": "1 to 9", "n": "4", "model": model, "accuracy": "0.5", "low": "0.2", "high": "0.8"}
            for kind in ("length", "oov")
            for model in MODELS
        ],
        history={f"{model}-1": [epoch] for model in NETWORKS},
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
        provenance={
            "versions": {"python": "3.11.9"},
            "test_md5": "0cc1",
            "corpus_sha256": None,
            "machine": {"instruction_set": "AVX512", "n_threads": 2},
        },
        params={
            "seeds": [1],
            "tokenize": {"drop_test_duplicates": True},
            "embed": {"pretrained": None, "sample": 0.001},
            "polarity": {"n_neighbors": 10},
        },
    )


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


def test_every_chart_has_a_place_and_a_description(results: Results) -> None:
    html = page(results)
    specs = json.loads(re.search(r'(?s)id="specs">(.*?)</script>', html)[1])  # type: ignore[index]
    places = re.findall(r'data-chart="(.+?)" role="img" aria-label="(.+?)"', html)
    assert {place for place, _ in places} == set(specs)
    assert {"differences", "roc", "calibration", "slice-length", "slice-oov", "map-word2vec"} <= set(specs)
    assert "These reviews have no star ratings" in html


def test_the_headline_follows_the_paired_test(results: Results) -> None:
    test = {model: {**SCORE, "accuracy": 0.9 + i / 100} for i, model in enumerate(MODELS)}
    first = markup(page(replace(results, test=test)))
    assert re.search(
        r"<h1><code>ensemble</code> classifies 97.00&nbsp;% of the reviews correctly, 1.00 points ahead of", first
    )
    unclear_ones = ("nbsvm", "lstm_frozen")
    unclear = {
        lstm: {name: UNCLEAR if name in unclear_ones else PAIR for name in pairs}
        for lstm, pairs in results.paired.items()
    }
    first = markup(page(replace(results, test=test, paired=unclear)))
    assert "has the highest accuracy, 97.00&nbsp;%, statistically indistinguishable from" in first
    assert "<code>lstm_frozen</code> and <code>nbsvm</code>." in first
    assert 'indistinguishable from <code>lstm_frozen</code> <span class="quiet">(+1.00 points, \u22120.10 to' in first
    all_unclear = {lstm: dict.fromkeys(pairs, UNCLEAR) for lstm, pairs in results.paired.items()}
    assert "indistinguishable from 7 other models" in markup(page(replace(results, test=test, paired=all_unclear)))


def test_a_baseline_can_be_the_best(results: Results) -> None:
    test = {model: {**SCORE, "accuracy": 0.9 - i / 100} for i, model in enumerate(MODELS)}
    behind = {"difference": -0.01, "low": -0.015, "high": -0.005}
    paired = {lstm: {reference: {**PAIR, **behind} for reference in pairs} for lstm, pairs in results.paired.items()}
    first = markup(page(replace(results, test=test, paired=paired)))
    assert "<h1><code>bag_of_vectors</code> classifies 90.00&nbsp;% of the reviews correctly, the highest" in first
    assert "ahead of <code>lstm_random</code> by 1.00 points" in first
    assert "embed.pretrained</code>)" not in first  # one point is not far
    far = {lstm: {name: {**PAIR, **behind, "difference": -0.16} for name in pairs} for lstm, pairs in paired.items()}
    advice = markup(page(replace(results, test=test, paired=far)))
    assert "<code>nbsvm</code> is 16.0 points ahead of the best LSTM" in advice


def test_the_deviation_over_seeds_is_shown_if_there_are_several(results: Results) -> None:
    assert "sd of seeds" not in page(results)
    test = {model: {**SCORE, "accuracy_sd": 0.0012, "n_seeds": 3} for model in MODELS}
    html = page(replace(results, test=test))
    assert "sd of seeds" in html
    assert html.count("± 0.12") == len(MODELS)
    assert "Words and line are those of seed 1; the percentages beside them are means over the seeds." in html
    assert "The curves pool the runs of all seeds" in html


def test_a_difference_of_zero_has_no_sign(results: Results) -> None:
    zero = {**UNCLEAR, "difference": 0.0, "low": -0.01, "high": 0.01}
    html = markup(
        page(replace(results, paired={lstm: dict.fromkeys(pairs, zero) for lstm, pairs in results.paired.items()}))
    )
    assert "(0.00 points, \u22121.00 to +1.00)" in html
    assert not re.search("[+\u2212]0\\.00", html)


def test_a_word_is_shaded_by_how_much_it_changed_the_probability() -> None:
    assert [shade(change) for change in (0.0, 0.019, 0.02, -0.06, 0.2, -0.9)] == ["", "", "u1", "d2", "u3", "d4"]


def test_a_review_without_known_words_has_a_line_too() -> None:
    one = annotate({"before": 0.4, "pieces": [["zzz", None]]})
    assert one["words"] == [("zzz", None)]
    assert (one["first"], one["last"], one["n_words"], one["strongest"], one["percents"]) == (0.4, 0.4, 0, [], "")
    assert one["line"] == "0,17.8"


def test_the_roc_window_shows_the_bend_of_the_weakest_model() -> None:
    def curves(*bends: float) -> list[dict[str, str]]:
        points = [(i, 0.0, 0.0) for i in bends] + [(i, i, 1 - i) for i in bends] + [(i, 1.0, 1.0) for i in bends]
        return [{"model": str(i), "fpr": str(x), "tpr": str(y)} for i, x, y in points]

    assert roc_window(curves(0.07, 0.11)) == 0.3
    assert roc_window(curves(0.07, 0.4)) == 1
    assert roc_window(curves(0.0)) == 0.1


def test_labels_on_the_map_hide_neither_dots_nor_labels() -> None:
    words = [(f"word{i}", (i * 37 % 101) / 101, (i * 53 % 97) / 97) for i in range(200)]
    shift = {"left": 1, "right": -1, "center": 0}
    boxes = [
        (label[0] + shift[label[2]] * LETTER * len(word), label[1], LETTER * len(word), LINE)
        for (word, _, _), label in zip(words, place_labels(words), strict=True)
        if label
    ]
    assert 50 < len(boxes) < 200
    taken = [*boxes, *((x, y, *DOT) for _, x, y in words)]
    for i, (x, y, width, height) in enumerate(boxes):
        others = [*taken[:i], *taken[i + 1 :]]
        assert not any(abs(x - u) < width + w - 1e-9 and abs(y - v) < height + h - 1e-9 for u, v, w, h in others)


def test_a_corpus_without_movies_is_not_described_as_split_by_movie(results: Results) -> None:
    assert "split by movie" in page(results)
    corpus = {name: {**split, "movies": 0} for name, split in results.corpus.items()}
    html = markup(page(replace(results, corpus=corpus)))
    assert "split by movie" not in html
    assert ">movies</th>" not in html


def test_the_winner_is_bold_in_name_and_accuracy_only(results: Results) -> None:
    assert ".best > th, .best > .accuracy { font-weight: 650; }" in page(results)


def test_short_trainings_and_small_vocabularies_are_named(results: Results) -> None:
    assert "more epochs would" not in markup(page(results))
    epochs = [{"epoch": str(i), "train_loss": "0.5", "valid_loss": loss, "valid_accuracy": "0.8"} for i, loss in
              enumerate(("0.6", "0.5"), 1)]  # fmt: skip
    html = markup(
        page(
            replace(
                results, history={"lstm_frozen-1": epochs}, embeddings={**results.embeddings, "token_coverage": 0.89}
            )
        )
    )
    assert "<code>lstm_frozen-1</code> by 17&nbsp;%: more epochs would probably lower it further" in html
    assert "11&nbsp;% of the tokens have no vector" in html
