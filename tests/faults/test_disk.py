"""Disks that are full or read-only, and files that vanish: one line, and what was whole stays whole."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT, Project
from tests.faults.conftest import outputs_of, stages, unfinished
from tests.faults.forks import Ended, run_stage

PIPELINE = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
PAGE = 4096  # bytes, the unit of a tmpfs
mounts = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount something on a folder."""
    subprocess.run(["mount", *options, str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only: by a mount for root, whom permissions do not stop."""
    if os.geteuid() == 0:
        with mounted(folder, "--bind", str(folder)):
            subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
            yield
    else:
        paths = [folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())]
        for path in paths:
            path.chmod(0o500)
        try:
            yield
        finally:
            for path in paths:
                path.chmod(0o700)


@pytest.fixture
def on_small_disk(project_copy: Project, tmp_path: Path) -> Iterator[Project]:
    """The project on a file system of 64 MiB, most of which is free."""
    folder = tmp_path / "small"
    folder.mkdir()
    with mounted(folder, "-t", "tmpfs", "-o", "size=64m", "tmpfs"):
        yield project_copy.copy(folder)


def leave(project: Project, n_pages: int) -> None:
    """Fill the disk so that so many pages are left."""
    filler = project.folder / ".filler"
    filler.unlink(missing_ok=True)
    free = os.statvfs(project.folder)
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail - n_pages) * PAGE)


def outputs_in_yaml(label: str) -> list[str]:
    """Return the paths that a stage writes."""
    name, *arguments = label.split()
    stage = PIPELINE[name]
    listed = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    paths = [out if isinstance(out, str) else next(iter(out)) for out in listed]
    values = dict(zip(stage.get("matrix", {}), arguments, strict=False))
    for key, value in values.items():
        paths = [path.replace(f"${{item.{key}}}", value) for path in paths]
    return paths


def size_on_disk(project: Project, label: str) -> int:
    """Return the pages that the outputs of a stage need."""
    contents = project.bytes_of(*outputs_in_yaml(label))
    return sum(-(-len(content) // PAGE) + 1 for content in contents.values())


@mounts
@pytest.mark.parametrize("label", stages())
def test_a_disk_that_is_full_at_one_write_or_another(
    on_small_disk: Project, label: str, rng: np.random.Generator
) -> None:
    project = on_small_disk
    expected = outputs_of(project)
    needed = size_on_disk(project, label)
    tried = sorted({0, 1, 2, *rng.integers(0, needed + 8, 10).tolist()})
    n_full = 0
    for n_pages in tried:
        leave(project, n_pages)
        ended = run_stage(project.folder, *label.split())
        assert ended.status == 0 or (ended.in_one_line and "the disk is full" in ended.printed), ended.printed
        n_full += ended.status
        assert outputs_of(project) == expected
        assert unfinished(project) == []
    print(f"{label}: {len(tried)} sizes, full in {n_full} of them")
    assert n_full > 0
    (project.folder / ".filler").unlink()
    assert run_stage(project.folder, *label.split()).status == 0
    assert outputs_of(project) == expected


@mounts
@pytest.mark.faults
def test_dvc_goes_on_once_a_full_disk_has_space(on_small_disk: Project) -> None:
    project = on_small_disk
    expected = outputs_of(project)
    shutil.rmtree(project.folder / ".dvc/cache/runs")
    (project.folder / "dvc.lock").unlink()
    for n_pages in (0, 8, 40, 100, 200):
        leave(project, n_pages)
        with contextlib.suppress(AssertionError):  # with enough space it ends well
            printed = project.run("dvc", "repro", status=255)
            assert "Traceback" not in printed
            print(printed.splitlines()[-1])
    (project.folder / ".filler").unlink()
    project.run("pipeline", "mend")
    project.run("dvc", "repro")
    assert outputs_of(project) == expected


@pytest.mark.parametrize("label", stages("tokenize"))
def test_a_read_only_folder_is_named(once: Project, label: str) -> None:
    expected = outputs_of(once)
    with read_only(once.folder):
        ended = run_stage(once.folder, *label.split())
    assert ended.in_one_line, ended.printed
    assert "cannot be written" in ended.printed
    assert outputs_of(once) == expected


def inputs_in_yaml(label: str) -> list[str]:
    """Return the data that a stage reads."""
    data = [dep for dep in PIPELINE[label.split()[0]]["deps"] if dep.startswith(("data", "artifacts"))]
    return data if label != "fetch" else []  # it only depends on the check of the parameters


def vanishing(project: Project, label: str) -> Iterator[tuple[Path, Ended]]:
    """Yield each file that a stage may read, and how the stage ended without it."""
    for path in project.bytes_of(*inputs_in_yaml(label)):
        file = project.folder / path
        content = file.read_bytes()
        file.unlink()
        try:
            yield file, run_stage(project.folder, *label.split())
        finally:
            file.write_bytes(content)


@pytest.mark.parametrize("label", stages("embed"))
def test_a_file_that_vanishes_between_two_stages_is_named(once: Project, label: str) -> None:
    expected = outputs_of(once)
    tried = 0
    for file, ended in vanishing(once, label):
        # Not every stage reads every file of the folders that it depends on.
        path = str(file.relative_to(once.folder))
        named = ended.in_one_line and (file.name in ended.printed or str(Path(path).parent) in ended.printed)
        assert ended.status == 0 or named, (path, ended.printed)
        tried += 1
        assert {**outputs_of(once), path: expected[path]} == expected
    print(f"{label}: {tried} files")


@pytest.mark.faults
def test_dvc_restores_a_file_that_vanished(once: Project) -> None:
    expected = outputs_of(once)
    for path in ("data/corpus.txt", "artifacts/embeddings/vectors.npy", "data/tokens/train/valid.npy"):
        (once.folder / path).unlink()
        once.run("dvc", "repro")
        assert outputs_of(once) == expected
