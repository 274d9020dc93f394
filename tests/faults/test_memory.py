"""Too little memory: one line that names a parameter to lower, or the bytes of an undisturbed run."""

import subprocess

import pytest

from tests.conftest import Project
from tests.faults.conftest import STAGES, outputs_of, unfinished
from tests.faults.forks import run_stage

# Not `polarity`: with some sizes, OpenBLAS asks for its work space without an end (docs/reliability.md).
TESTED = [label for label in STAGES if label != "polarity"]
MEBIBYTES = (0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)  # beyond what the libraries take


@pytest.mark.parametrize(
    ("label", "sizes"),
    [pytest.param(label, MEBIBYTES, marks=pytest.mark.faults) for label in TESTED] + [("classify lstm_frozen 1", (1,))],
)
def test_too_little_memory_is_one_line(once: Project, label: str, sizes: tuple[float, ...]) -> None:
    expected = outputs_of(once)
    n_short = 0
    for mebibytes in sizes:
        ended = run_stage(once.folder, *label.split(), mebibytes=mebibytes)
        n_short += ended.status != 0
        said = ended.in_one_line and "there is too little memory" in ended.printed
        assert ended.status == 0 or said, (mebibytes, ended.status, ended.printed)
        assert outputs_of(once) == expected
        assert unfinished(once) == []
    print(f"{label}: {len(sizes)} sizes, too little in {n_short} of them")


@pytest.mark.faults
@pytest.mark.parametrize("label", ["params", "tokenize", "embed", "baseline", "classify lstm_frozen 1", "evaluate"])
@pytest.mark.parametrize("kib", [150_000, 300_000, 500_000, 1_000_000])
def test_a_low_limit_of_the_shell_is_one_line(once: Project, label: str, kib: int) -> None:
    """`ulimit -v` before Python starts, so that even its libraries may not fit."""
    expected = outputs_of(once)
    command = ["sh", "-c", f'ulimit -v {kib}; exec "$@"', "sh", *once.command("stages", *label.split())]
    done = subprocess.run(command, cwd=once.folder, env=once.environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 or (done.returncode == 1 and "Traceback" not in done.stderr), done.stderr
    assert done.returncode == 0 or "too little memory" in done.stderr, done.stderr
    assert outputs_of(once) == expected
