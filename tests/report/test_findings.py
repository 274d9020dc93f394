"""What the report says in words, as the intervals allow."""

import pytest

from pipeline.report.findings import ranking, tied, turning_words, verdict, verdicts

PAIR = {"difference": 0.01, "low": 0.005, "high": 0.015, "p": 0.001, "n_gained": 10, "n_lost": 5}
TEST = {"nbsvm": {"accuracy": 0.91}, "random": {"accuracy": 0.9}, "tuned": {"accuracy": 0.92}}


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.001, 0.02, "ahead of"), (-0.02, -0.001, "behind"), (-0.001, 0.02, "not to be told from")],
)
def test_the_words_follow_the_interval(low: float, high: float, words: str) -> None:
    found = verdict({"tuned": {"nbsvm": {**PAIR, "low": low, "high": high}}}, "tuned", "nbsvm")
    assert found is not None
    assert found.words == words


def test_a_pair_is_read_both_ways() -> None:
    found = verdict({"tuned": {"nbsvm": PAIR}}, "nbsvm", "tuned")
    assert found is not None
    assert (found.words, found.difference, found.low, found.high) == ("behind", -1, -1.5, -0.5)
    assert verdict({"tuned": {"nbsvm": PAIR}}, "nbsvm", "random") is None


def test_the_best_is_held_against_the_others_the_closest_first() -> None:
    paired = {"tuned": {"random": PAIR, "nbsvm": {**PAIR, "low": -0.001}}}
    assert ranking(TEST) == ["tuned", "nbsvm", "random"]
    assert [one.reference for one in verdicts(TEST, paired)] == ["nbsvm", "random"]
    assert tied(TEST, paired) == ["nbsvm"]


def test_the_words_that_moved_most_are_named_once() -> None:
    read = [("Good", 0.7), (" ", None), ("bad", 0.1), (",", 0.9), ("good", 0.95), ("film", 0.9)]
    found = turning_words(read, 0.5, n=2)
    assert [word for word, _ in found] == ["bad", "good"]
    assert [move for _, move in found] == pytest.approx([-0.6, 0.2])
