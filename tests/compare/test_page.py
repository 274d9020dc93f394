"""The page of a comparison, and what `compare --html` writes and refuses."""

import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipeline.__main__ import main
from pipeline.compare.comparison import compare as compared
from pipeline.compare.page import page
from pipeline.compare.results import read_results
from pipeline.compare.revisions import find
from tests.compare.conftest import Command
from tests.compare.repository import LINEAR, N, Repository, comparison_of, reviews


def markup(html: str) -> str:
    """The page without its scripts and data."""
    return re.sub(r"(?s)<script.*?</script>", "", html)


def test_the_page_has_the_figures_of_the_comparison(repository: Repository) -> None:
    comparison = comparison_of(repository)
    html = page(comparison, 0.05, {})
    change = comparison.models[LINEAR].change
    assert "<h1>B is significantly better in nbsvm at level 0.05.</h1>" in html
    assert "All answers are the same in bag and lstm." in html
    (row,) = re.findall(rf'<tr><th scope="row"><code>{LINEAR}</code></th>.*', html)
    assert f'data-value="{change.difference}">+{100 * change.difference:.2f}</td>' in row
    assert '<td class="ahead">B is better</td>' in row
    assert "baseline.min_df</code></th>" in html
    assert 'id="reviews"' not in html
    specs = json.loads(re.search(r'(?s)id="specs">(.*?)</script>', html)[1])  # type: ignore[index]
    assert [value["verdict"] for value in specs["differences"]["data"]["values"]] == [
        "same answers",
        "better",
        "same answers",
    ]
    assert len(specs["accuracies"]["data"]["values"]) == 6
    assert html == page(comparison, 0.05, {})


def test_the_page_loads_nothing_and_escapes_names_and_reviews(repository: Repository) -> None:
    html = page(comparison_of(repository), 0.05, reviews())
    assert html.count("<script") == 6  # two of data, three of Vega, its own
    assert not re.search(r"""(src|href)=["'][^#]|url\([^#]|@import""", markup(html))
    assert "B &lt;i&gt;is&lt;/i&gt; better" in html
    assert "&#34;&lt;b&gt;&#34;" in html
    assert "<script>alert" not in html
    assert "Without shading: a &lt;reason&gt;; <code>dvc fetch</code>." in html


def test_reviews_are_shown_word_by_word_by_both_revisions_or_by_their_ids(repository: Repository) -> None:
    html = markup(page(comparison_of(repository), 0.05, reviews()))
    assert html.count('<i class="u2">I</i> &lt;script&gt;alert(1)') == 4  # two reviews, A and B
    assert html.count("seed 2</span>") == 2
    assert html.count('<details class="review"') == 2
    assert "2 reviews, 1 gained." in html
    assert "2 reviews, 1 gained; the first 1 are shown." in html
    assert '<tr><th scope="row">test/&lt;1&gt;</th><td>positive</td><td>gained</td>' in html


def test_the_command_writes_the_page_and_replaces_it(repository: Repository, compare: Command) -> None:
    repository.better()
    assert compare("--html", "pages/page.html") == "pages/page.html\n"
    path = repository.folder / "pages/page.html"
    path.write_text("old")
    compare("--html", "pages/page.html", "--model", LINEAR, "--reviews", "3")
    html = path.read_text("utf-8")
    assert "workspace against HEAD</title>" in html
    assert len(set(re.findall(r'<th scope="row">(test/\d+)</th>', html))) == 3  # without their texts
    (repository.folder / "data").mkdir()
    texts = pa.table({"id": repository.ids, "text": [f"Review<br />{i}" for i in range(N)]})
    pq.write_table(texts, repository.folder / "data/test.parquet")
    compare("--html", "pages/page.html", "--model", LINEAR, "--reviews", "3")
    html = path.read_text("utf-8")
    assert html.count('<details class="review"') == 3
    assert re.search(r'<p class="text">Review\n\d+</p>', html)
    assert [one.name for one in path.parent.iterdir()] == ["page.html"]


@pytest.mark.parametrize("other", [["--json"], ["--markdown"], ["HEAD"]])
def test_a_page_is_about_two_revisions(compare: Command, other: list[str], repository: Repository) -> None:
    assert "--html needs two revisions" in compare("HEAD", "workspace", "--html", "page.html", *other, fails=True)
    assert not (repository.folder / "page.html").exists()


def test_a_page_replaces_no_folder(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.folder)
    done = CliRunner().invoke(main, ["compare", "--html", "predictions"])
    assert done.exit_code == 2
    assert "'predictions' is a directory" in done.stderr
    assert (repository.folder / "predictions/test.json").exists()


def test_several_seeds_are_named(repository: Repository) -> None:
    rng = np.random.default_rng(3)
    for seed in (1, 2, 3):
        repository.columns[f"lstm_{seed}"] = repository.fit(0.8, int(rng.integers(99)))
    repository.commit()
    a = read_results(find("HEAD", repository.folder))
    html = page(compared(a, a, models=("lstm",), level=0.05, n_resamples=200, seed=1), 0.05, {})
    assert re.search(r'<td class="n">\d\d\.\d\d ± \d\.\d\d</td>', html)
    assert "means ± standard deviations over the seeds" in html
