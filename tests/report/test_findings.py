"""The report's sentences follow the paired tests."""

import pytest

from pipeline.report.findings import far_ahead, leads, paired_difference, ranking, strongest_words, tied

PAIR = {"difference": 0.01, "low": 0.005, "high": 0.015, "p": 0.001, "n_gained": 10, "n_lost": 5}
UNCLEAR = {**PAIR, "low": -0.001, "p": 0.2}
TEST = {"nbsvm": {"accuracy": 0.91}, "random": {"accuracy": 0.9}, "tuned": {"accuracy": 0.92}}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "ahead of"),
        ({"difference": -0.01, "low": -0.015, "high": -0.005}, "behind"),
        ({"low": -0.001, "p": 0.2}, "statistically indistinguishable from"),
        ({"difference": 0.0, "p": 1.0, "n_gained": 0, "n_lost": 0}, "identical to"),
    ],
)
def test_the_words_follow_the_test(changed: dict[str, float], words: str) -> None:
    one = paired_difference({"tuned": {"nbsvm": {**PAIR, **changed}}}, "tuned", "nbsvm")
    assert one is not None
    assert one.words == words


def test_a_pair_can_be_read_in_both_directions() -> None:
    one = paired_difference({"tuned": {"nbsvm": PAIR}}, "nbsvm", "tuned")
    assert one is not None
    assert (one.words, one.difference, one.low, one.high) == ("behind", -1, -1.5, -0.5)
    assert paired_difference({"tuned": {"nbsvm": PAIR}}, "nbsvm", "random") is None


def test_the_best_model_is_compared_with_the_others_closest_first() -> None:
    paired = {"tuned": {"random": PAIR, "nbsvm": UNCLEAR}}
    assert ranking(TEST) == ["tuned", "nbsvm", "random"]
    assert [one.reference for one in leads(TEST, paired)] == ["nbsvm", "random"]
    assert tied(TEST, paired) == ["nbsvm"]


@pytest.mark.parametrize(
    ("difference", "p", "far"), [(-0.16, 0.0001, True), (-0.16, 0.3, False), (-0.02, 0.0001, False)]
)
def test_nbsvm_far_ahead_of_every_lstm_is_noticed(difference: float, p: float, far: bool) -> None:
    test = {"nbsvm": {"accuracy": 0.77}, "lstm_random": {"accuracy": 0.5}, "lstm_finetuned": {"accuracy": 0.61}}
    pair = {**PAIR, "difference": difference, "low": difference - 0.01, "high": difference + 0.01, "p": p}
    one = far_ahead(test, {"lstm_finetuned": {"nbsvm": pair}, "lstm_random": {"nbsvm": pair}})
    assert (one is not None) == far
    if one:
        assert (one.model, one.reference) == ("nbsvm", "lstm_finetuned")
    assert far_ahead({"nbsvm": {"accuracy": 0.77}}, {}) is None


def test_the_strongest_words_are_listed_once() -> None:
    pieces = [("Good", 0.7), (" ", None), ("bad", 0.1), (",", 0.9), ("good", 0.95), ("film", 0.9)]
    strongest = strongest_words(pieces, 0.5, n=2)
    assert [word for word, _ in strongest] == ["bad", "good"]
    assert [change for _, change in strongest] == pytest.approx([-0.6, 0.2])
