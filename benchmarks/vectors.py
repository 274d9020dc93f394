"""The time to load, query and export the word vectors, and to read a large file of other vectors."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import figure, median_seconds, missing, seconds_of
from experiments.sandbox import ROOT
from pipeline.core.embeddings import Embeddings
from pipeline.embed.vector_formats import read_vector_file
from pipeline.vectors.export import FORMATS, export
from pipeline.vectors.neighbors import Neighbors

FOLDER = ROOT / "artifacts/embeddings"
N_ROWS, N_DIMENSIONS = 1_000_000, 300
READERS = ("ours", "gensim")


def milliseconds(work: Callable[[], object], n_runs: int = 11) -> float:
    """Return the median of several runs."""
    return 1000 * median_seconds(work, n_runs)


def write_text(path: Path, n_rows: int, n_dimensions: int) -> None:
    """Write vectors in word2vec's text format: a thousand random ones, repeated, which take as long to read."""
    rng = np.random.default_rng(1)
    rows = [" ".join(f"{value:.6f}" for value in rng.normal(size=n_dimensions)) for _ in range(1000)]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{n_rows} {n_dimensions}\n")
        file.writelines(f"w{i} {rows[i % 1000]}\n" for i in range(n_rows))


def read(reader: str, path: str) -> None:
    """Read a file; print the seconds, the MiB on top of the imports, and the MiB of the array."""
    from gensim.models import KeyedVectors

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    if reader == "ours":
        vectors = read_vector_file(Path(path)).vectors
    else:
        vectors = KeyedVectors.load_word2vec_format(path, binary=False).vectors
    seconds = time.perf_counter() - started
    print(seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, vectors.nbytes / 2**20)


def reading() -> Iterator[dict[str, Any]]:
    """Compare reading a million vectors from text with gensim, and the memory with that of the array."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.txt"
        write_text(path, N_ROWS, N_DIMENSIONS)
        results = {}
        for reader in READERS:
            # Through a shell: on Linux, the peak memory of a new process starts at that of the process that starts it.
            command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "benchmarks.vectors", reader, str(path)]
            done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            results[reader] = list(map(float, done.stdout.split()))
    (ours, memory, array), (theirs, *_) = results["ours"], results["gensim"]
    what = f"reading {N_ROWS:,} x {N_DIMENSIONS} vectors from text"
    yield figure(what, ours / theirs, f"of the time, {ours:.0f} s", f"gensim's reader, {theirs:.0f} s, at most", 1.2, 1)
    unit = f"times the memory, {memory:,.0f} MiB"
    yield figure(what, memory / array, unit, f"the array, {array:,.0f} MiB, at most", 1.3, 1)


def figures() -> Iterator[dict[str, Any]]:
    """Measure everything about vectors; all but the last two need artifacts/embeddings."""
    if lacking := missing("artifacts/embeddings"):
        print(f"skipped: loading, neighbors and export; {lacking}")
    else:
        embeddings = Embeddings.load(FOLDER)
        n_words, size = embeddings.vectors.shape
        against = f"{n_words:,} x {size}, at most"
        yield figure("loading the vectors", milliseconds(lambda: Embeddings.load(FOLDER)), "ms", against, 50, 11)
        neighbors = Neighbors(embeddings)
        word = embeddings.words[len(embeddings.words) // 10]
        yield figure("neighbors of a word", milliseconds(lambda: neighbors.of([word])), "ms", against, 10, 11)
        for name in FORMATS:
            with tempfile.TemporaryDirectory() as folder:
                seconds = seconds_of(partial(export, embeddings, name, Path(folder) / "v"))
            yield figure(f"export, {name}", seconds, "s", against, 10, 1)
    yield from reading()


if __name__ == "__main__":
    read(*sys.argv[1:])
