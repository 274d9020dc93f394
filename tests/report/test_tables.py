"""The tables of results."""

from pipeline.core.files import read_json
from pipeline.report.markers import between_markers
from pipeline.report.tables import measured_on, polarity_table, results_table, seconds_of
from tests.conftest import ROOT
from tests.report.test_report import SCORE, SECONDS


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_seconds_are_the_mean_over_seeds_and_the_linear_models_share_theirs() -> None:
    assert seconds_of("lstm_frozen", SECONDS) == 150
    assert seconds_of("tfidf", SECONDS) == 70
    assert seconds_of("lstm_random", SECONDS) is None
    assert seconds_of("gru_frozen", SECONDS) is None


def test_the_table_has_one_row_per_model() -> None:
    lines = results_table({"tfidf": SCORE, "lstm_random": SCORE}, SECONDS).splitlines()
    assert cells(lines[2]) == ["`tfidf`", "0.9000", "0.8900 to 0.9100", "0.9500", "0.300", "0.020", "70"]
    assert cells(lines[3])[-1] == ""  # never timed
    assert len({line.count("|") for line in lines}) == 1


def test_for_several_seeds_the_table_has_mean_and_deviation() -> None:
    several = {**SCORE, "accuracy_sd": 0.0012, "n_seeds": 3}
    lines = results_table({"tfidf": SCORE, "nbsvm": SCORE, "lstm_frozen": several}, SECONDS).splitlines()
    assert cells(lines[4])[:2] == ["`lstm_frozen`", "0.9000 ± 0.0012"]
    notes = "lstm_frozen: mean ± standard deviation of 3 seeds. 70 s covers all the linear models."
    assert lines[-1] == notes
    with_vectors = {**SECONDS, "embed": {**SECONDS["baseline"], "seconds": 376.4}}
    lines = results_table({"tfidf": SCORE, "nbsvm": SCORE, "lstm_frozen": several}, with_vectors).splitlines()
    assert lines[-1] == f"{notes} The word vectors took 376 s more."


def test_all_hardware_is_named() -> None:
    assert measured_on(SECONDS) == "2 x a processor and another; 6 min for all stages"


def test_the_documents_have_the_committed_results() -> None:
    test = read_json(ROOT / "metrics/test.json")
    seconds = {path.stem: read_json(path) for path in sorted((ROOT / "metrics/seconds").glob("*.json"))}
    readme = (ROOT / "README.md").read_text("utf-8")
    text = f"{results_table(test, seconds)}\n\nMeasured on {measured_on(seconds)}."
    assert between_markers(readme, "results", text) == readme, "run `python -m pipeline results --write README.md`"
    text = polarity_table(read_json(ROOT / "metrics/polarity.json"))
    vectors = (ROOT / "docs/vectors.md").read_text("utf-8")
    assert between_markers(vectors, "polarity", text) == vectors, "run `python -m pipeline results --write`"
