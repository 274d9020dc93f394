"""The pins: each version exact and once, its hashes beside it, actions by commit, installs that ask for hashes."""

import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

REQUIREMENTS = sorted(
    path.relative_to(ROOT)
    for pattern in ("requirements*.txt", ".ci/*.txt", "benchmarks/*.txt", "examples/*.txt", "tests/**/requirements.txt")
    for path in ROOT.glob(pattern)
)
BUILDS_DIFFER = {"torch"}  # by index; see SECURITY.md
ROOTS_ONLY = Path("benchmarks/requirements.txt")  # names only the roots; `make pins` adds what they need


def requirements(path: Path) -> dict[str, str]:
    """Return the version of each package of a file, with or without hashes."""
    pins: dict[str, str] = {}
    for line in (ROOT / path).read_text("utf-8").replace("\\\n", "").splitlines():
        text = line.partition("#")[0].partition("--hash")[0].strip()
        if text:
            requirement = Requirement(text)
            name, (specifier,) = canonicalize_name(requirement.name), requirement.specifier
            assert specifier.operator == "==", text
            assert name not in pins or requirement.marker, text
            pins[name] = specifier.version
    return pins


def test_there_are_pins() -> None:
    assert {Path("requirements.txt"), Path("tests/requirements.txt"), ROOTS_ONLY} < set(REQUIREMENTS)


@pytest.mark.parametrize("path", REQUIREMENTS, ids=str)
def test_the_hashes_are_those_of_the_pinned_versions(path: Path) -> None:
    pinned, hashed = requirements(path), requirements(path.with_suffix(".lock"))
    expected = {name: version for name, version in pinned.items() if name not in BUILDS_DIFFER}
    assert expected.items() <= hashed.items(), "run `make pins`"
    assert path == ROOTS_ONLY or hashed == expected, "run `make pins`"
    lock = (ROOT / path.with_suffix(".lock")).read_text("utf-8").replace("\\\n", "")
    for line in lock.splitlines():
        assert line.startswith("#") or re.search(r" --hash=sha256:[0-9a-f]{64}$", line.rstrip()), line


def test_no_version_is_pinned_twice() -> None:
    shared = [path for path in REQUIREMENTS if path.parts[0] not in (".ci", "benchmarks")]  # one environment
    names = [name for path in shared for name in requirements(path)]
    assert len(names) == len(set(names))


def test_every_install_asks_for_hashes_but_that_of_torch() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipes = re.findall(r"^\t.*(?:pip install|\$\(call (?:install|hashed|pip)\b).*$", makefile, re.MULTILINE)
    assert len(recipes) == 10
    without = [line.strip() for line in recipes if "$(call hashed," not in line]
    assert without == ["$(call install,.venv,requirements.txt)"]


@pytest.mark.parametrize("program", ["", "uv"])
def test_pip_and_uv_are_given_the_same_files(program: str) -> None:
    command = ["make", "--always-make", "-n", f"UV={program}", ".venv/bin/installed-tests"]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    installs = [line for line in lines if " install " in line]
    assert all(line.startswith("uv pip install" if program else ".venv/bin/python -m pip install") for line in installs)
    assert [line.partition(" -r ")[2] for line in installs] == [
        "requirements.lock --require-hashes", "requirements.txt", "examples/requirements.lock --require-hashes",
        "tests/requirements.lock --require-hashes", "requirements-dask.lock --require-hashes",
    ]  # fmt: skip


def test_the_image_has_the_files_that_its_installation_reads(tmp_path: Path) -> None:
    before, _, _ = (ROOT / "Dockerfile").read_text("utf-8").partition(" make .venv/bin/installed-tests")
    for line in re.findall(r"^COPY --chown=user (.*)$", before, re.MULTILINE):
        *files, folder = line.split()
        (tmp_path / folder).mkdir(exist_ok=True)
        for file in files:
            shutil.copy(ROOT / file, tmp_path / folder)
    subprocess.run(["make", "-n", ".venv/bin/installed-tests"], cwd=tmp_path, check=True, capture_output=True)
    for path in tmp_path.rglob("requirements*.txt"):
        assert path.with_suffix(".lock").exists(), path


@pytest.mark.parametrize("path", ["requirements.txt", "tests/requirements.txt"])
def test_what_is_installed_is_what_is_pinned(path: str) -> None:
    """Whichever program has installed it. A build of torch has a suffix: 2.13.0+cpu."""
    for name, pinned in requirements(Path(path)).items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            assert path != "requirements.txt", f"{name} is not installed"
            continue
        assert installed.partition("+")[0] == pinned, name


def test_actions_are_pinned_by_commit() -> None:
    used = [
        line.strip()
        for path in (ROOT / ".github/workflows").glob("*.yml")
        for line in path.read_text("utf-8").splitlines()
        if "uses:" in line
    ]
    assert used
    for line in used:
        assert re.fullmatch(r"- uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line), line


def test_the_audit_does_not_call_a_missing_list_clean(tmp_path: Path) -> None:
    """pip-audit alone does."""
    folder = tmp_path / "project"
    (folder / ".ci").mkdir(parents=True)
    (folder / ".venv-pins/bin").mkdir(parents=True)
    (folder / ".ci/audit").write_text((ROOT / ".ci/audit").read_text("utf-8"))
    program = folder / ".venv-pins/bin/pip-audit"

    def audit(said: str, status: int) -> subprocess.CompletedProcess[str]:
        program.write_text(f"#!/bin/sh\necho '{said}'\nexit {status}\n")
        program.chmod(0o755)
        return subprocess.run(["bash", folder / ".ci/audit"], capture_output=True, text=True, check=False)

    assert audit("No known vulnerabilities found", 0).returncode == 0
    done = audit("ERROR: click: Dependency not found and could not be audited", 1)
    assert done.returncode == 2
    assert "out of reach" in done.stderr
    done = audit("click 8.5.1 PYSEC-1", 1)
    assert done.returncode == 1
    assert "click 8.5.1" in done.stderr
