"""Fuzz the readers, guided by coverage: `python -m tests.fuzz.run SECONDS [TARGET...]`, which `make fuzz` runs.

Each target runs in a process of its own for so many seconds. What is found is written to tests/fuzz/cases/TARGET/,
where the tests look for it. An input may take 20 seconds and 2 GB of memory.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

CASES = Path(__file__).parent / "cases"
INSTRUMENTED = ["pipeline", "stages", "tarfile", "zipfile", "csv", "ruamel", "numpy.lib", "tokenize"]


def fuzz(name: str, arguments: list[str]) -> None:
    """Fuzz one target in this process; it ends the process."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.targets import target

    one = target(name)
    atheris.Setup([sys.argv[0], *arguments], lambda content: one(content) and None)
    atheris.Fuzz()


def run(name: str, seconds: int) -> bool:
    """Fuzz one target in a process of its own, print a line, and return whether nothing was found."""
    from tests.fuzz.targets import target

    cases = CASES / name
    cases.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        (Path(corpus) / "whole").write_bytes(target(name).seed)
        for case in cases.iterdir():
            (Path(corpus) / case.name).write_bytes(case.read_bytes())
        options = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-max_len=20000"]
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.run", "--one", name, *options, f"-artifact_prefix={cases}/", corpus],
            capture_output=True,
            text=True,
            errors="replace",
        )
    if not any(cases.iterdir()):
        cases.rmdir()
    counts = re.findall(r"^#(\d+)\s.*?cov: (\d+)", done.stderr, re.MULTILINE)
    n_runs, coverage = counts[-1] if counts else ("0", "0")
    said = "nothing found" if done.returncode == 0 else "FOUND: " + " ".join(done.stderr.split())[-600:]
    print(f"{name}: {seconds} s, {int(n_runs):,} inputs, {coverage} places reached, {said}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        fuzz(sys.argv[2], sys.argv[3:])
    else:
        from tests.fuzz.targets import NAMES

        clean = [run(name, int(sys.argv[1])) for name in sys.argv[2:] or NAMES]
        sys.exit(0 if all(clean) else 1)
