"""Releases: an archive of vectors, card and checksums."""

import subprocess
from contextlib import chdir
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from gensim.models import KeyedVectors

from pipeline.__main__ import main
from pipeline.core.embeddings import Embeddings
from tests.conftest import Project, unpack


def test_a_release_is_complete_verified_and_the_same_each_time(project: Project, tmp_path: Path) -> None:
    printed = project.run("pipeline", "release", "--output", str(tmp_path / "a/vectors.tar.gz"))
    assert "vectors.tar.gz: 0 MB" in printed
    with chdir(project.folder):  # in this process
        done = CliRunner().invoke(main, ["release", "--output", str(tmp_path / "b/vectors.tar.gz")])
    assert done.exit_code == 0
    assert (tmp_path / "a/vectors.tar.gz").read_bytes() == (tmp_path / "b/vectors.tar.gz").read_bytes()
    unpack(tmp_path / "a/vectors.tar.gz", tmp_path)
    folder = tmp_path / "vectors"
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    ours = Embeddings.load(project.folder / "artifacts/embeddings")
    np.testing.assert_array_equal(Embeddings.load(folder).vectors, ours.vectors)
    card = (folder / "README.md").read_text()
    for text in ("| Google analogies |", "`bag_of_vectors`", "`lstm_frozen`", " 80 |", "`vectors.w2v.bin`"):
        assert text in card
    keyed = KeyedVectors.load_word2vec_format(str(folder / "vectors.w2v.bin"), binary=True)
    np.testing.assert_array_equal(keyed.vectors, ours.vectors)
