"""A training that `torchrun` starts, on one machine and on two hosts; its processes are killed, a host is lost."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from ruamel.yaml import YAML

from tests.conftest import ROOT, Project
from tests.faults.conftest import unfinished, wait_for_an_epoch
from tests.faults.hosts import Host, HostsError, two_hosts

STAGE = ("stages", "classify", "lstm_finetuned", "1")
RESULT = "artifacts/lstm_finetuned"
MADE = (RESULT, "plots/history/lstm_finetuned-1.csv", "metrics/valid/lstm_finetuned-1.json")
LONG = {"classify.n_processes": 2, "classify.epochs": 40, "classify.patience": 40}  # some seconds
# Without the address, the processes look up the name of the machine, which a container may not know, and wait.
ONE_MACHINE = ("--standalone", "--local-addr=127.0.0.1", "--nproc-per-node=2")
NODES = ("--nnodes=2", "--nproc-per-node=1")
C10D = (*NODES, "--rdzv-backend=c10d", "--rdzv-endpoint=host0:29400", "--rdzv-id=training", "--max-restarts=3")
# torch's launcher keeps one store for all its starts, in which new processes find the addresses of those that ended.
STORE_OF_ITS_OWN = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}


@pytest.fixture(scope="module")
def expected(once: Project) -> dict[str, bytes]:
    """What two processes make that the stage starts itself, and nobody disturbs."""
    once.set(LONG)
    once.run(*STAGE)
    return once.bytes_of(*MADE)


@pytest.fixture
def untrained(project_copy: Project) -> Project:
    project_copy.set(LONG)
    for path in project_copy.bytes_of(*MADE):
        (project_copy.folder / path).unlink()
    return project_copy


@contextmanager
def two_hosts_or_skip(folder: Path, names: Sequence[str] = ("host0", "host1")) -> Iterator[tuple[Host, Host]]:
    try:
        with two_hosts(folder, names) as made:
            yield made
    except HostsError as reason:
        pytest.skip(f"no two hosts can be made here: {reason}")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[Host, Host]]:
    with two_hosts_or_skip(tmp_path) as made:
        yield made


@contextmanager
def started(project: Project, command: Sequence[str], host: Host | None = None) -> Iterator[subprocess.Popen[str]]:
    """Start a launcher, on a host; end it, and its processes, with the block."""
    launcher = subprocess.Popen(
        host.command(project.folder, *command) if host else command, cwd=project.folder,
        env=project.environment | STORE_OF_ITS_OWN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    with launcher:
        try:
            yield launcher
        finally:
            launcher.terminate()


def torchrun(
    project: Project, *options: str, host: Host | None = None
) -> AbstractContextManager[subprocess.Popen[str]]:
    return started(project, project.command("torch.distributed.run", *options, "-m", *STAGE), host)


def process_of(launcher: subprocess.Popen[str], rank: int) -> psutil.Process:
    """Return the process of a rank."""
    (found,) = (child for child in psutil.Process(launcher.pid).children() if child.environ().get("RANK") == str(rank))
    return found


def printed_by(launcher: subprocess.Popen[str]) -> str:
    """Wait for its end; return what it printed."""
    printed, _ = launcher.communicate(timeout=600)
    assert launcher.returncode == 0, printed
    return printed


@pytest.mark.parametrize("rank", [pytest.param(0, marks=pytest.mark.faults), 1])
def test_a_killed_process_is_started_again(untrained: Project, expected: dict[str, bytes], rank: int) -> None:
    with torchrun(untrained, *ONE_MACHINE, "--max-restarts=1") as launcher:
        wait_for_an_epoch(untrained)
        process_of(launcher, rank).kill()
        printed = printed_by(launcher)
    assert "exitcode: -9" in printed
    assert printed.count("epoch 1 of 40:") == 1  # it goes on, and does not begin again
    assert untrained.bytes_of(*MADE) == expected
    assert unfinished(untrained) == []


@pytest.mark.faults
def test_a_launcher_that_is_told_to_stop_goes_on_when_it_starts_again(
    untrained: Project, expected: dict[str, bytes]
) -> None:
    with torchrun(untrained, *ONE_MACHINE) as launcher:
        wait_for_an_epoch(untrained)
        launcher.send_signal(signal.SIGTERM)
        launcher.communicate(timeout=600)
    assert launcher.returncode != 0
    with torchrun(untrained, *ONE_MACHINE) as launcher:
        assert "epoch 1 of 40:" not in printed_by(launcher)
    assert untrained.bytes_of(*MADE) == expected


@pytest.mark.faults
def test_a_training_by_torchrun_gets_into_the_lock(untrained: Project) -> None:
    untrained.run("torch.distributed.run", *ONE_MACHINE, "-m", *STAGE)
    name = "classify@lstm_finetuned-1"
    untrained.run("dvc", "commit", "--force", name)
    assert "up to date" in untrained.run("dvc", "status", name)
    made = untrained.bytes_of(*MADE)
    shutil.rmtree(untrained.folder / RESULT)
    untrained.run("dvc", "checkout", name)
    assert untrained.bytes_of(*MADE) == made
    assert "didn't change, skipping" in untrained.run("dvc", "repro", "--single-item", name)


@pytest.mark.faults
@pytest.mark.gpu
def test_processes_with_a_gpu_each_have_the_losses_of_one(untrained: Project) -> None:
    untrained.run(*STAGE)
    history = untrained.folder / "plots/history/lstm_finetuned-1.csv"
    alone = np.genfromtxt(history, delimiter=",", names=True)
    history.unlink()
    with torchrun(untrained, "--standalone", f"--nproc-per-node={torch.cuda.device_count()}") as launcher:
        printed_by(launcher)
    together = np.genfromtxt(history, delimiter=",", names=True)
    for name in ("train_loss", "valid_loss"):
        np.testing.assert_allclose(together[name], alone[name], rtol=0.02)


@pytest.mark.parametrize("rendezvous", ["c10d", "static"])
def test_two_hosts_with_a_shared_folder_give_the_bytes_of_two_processes(
    untrained: Project, expected: dict[str, bytes], hosts: tuple[Host, Host], rendezvous: str
) -> None:
    each = (
        [C10D, C10D] if rendezvous == "c10d" else [(*NODES, f"--node-rank={i}", "--master-addr=host0") for i in (0, 1)]
    )
    with (
        torchrun(untrained, *each[0], host=hosts[0]) as first,
        torchrun(untrained, *each[1], host=hosts[1]) as second,
    ):
        assert "epoch 40 of 40" in printed_by(first)
        assert "epoch" not in printed_by(second)
    assert untrained.bytes_of(*MADE) == expected


@pytest.mark.faults
def test_two_hosts_may_have_a_folder_each_and_the_first_one_writes(
    untrained: Project, expected: dict[str, bytes], hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    other = untrained.copy(tmp_path / "other")
    before = other.bytes_of(".")
    with torchrun(untrained, *C10D, host=hosts[0]) as first, torchrun(other, *C10D, host=hosts[1]) as second:
        printed_by(first)
        printed_by(second)
    assert untrained.bytes_of(*MADE) == expected
    assert other.bytes_of(".") == before


@pytest.mark.faults
@pytest.mark.parametrize(("rank", "shared"), [(0, True), (1, True), (1, False)])
def test_a_killed_process_of_two_hosts_is_started_again(
    untrained: Project, expected: dict[str, bytes], hosts: tuple[Host, Host], tmp_path: Path, rank: int, shared: bool
) -> None:
    other = untrained if shared else untrained.copy(tmp_path / "other")
    with torchrun(untrained, *C10D, host=hosts[0]) as first, torchrun(other, *C10D, host=hosts[1]) as second:
        wait_for_an_epoch(untrained)
        process_of((first, second)[rank], rank).kill()
        printed = printed_by(first)
        assert "exitcode: -9" in printed + printed_by(second)
    assert printed.count("epoch 1 of 40:") == 1
    assert untrained.bytes_of(*MADE) == expected


@pytest.mark.faults
def test_a_host_that_is_lost_may_come_back(
    untrained: Project, expected: dict[str, bytes], hosts: tuple[Host, Host]
) -> None:
    with torchrun(untrained, *C10D, host=hosts[0]) as first:
        with torchrun(untrained, *C10D, host=hosts[1]) as second:
            wait_for_an_epoch(untrained)
            process = process_of(second, 1)
            second.kill()
            process.kill()
        with torchrun(untrained, *C10D, host=hosts[1]) as second:
            printed = printed_by(first)
            printed_by(second)
    assert printed.count("epoch 1 of 40:") == 1
    assert untrained.bytes_of(*MADE) == expected


@pytest.mark.faults
def test_the_example_for_slurm_runs(untrained: Project, expected: dict[str, bytes], hosts: tuple[Host, Host]) -> None:
    programs = untrained.folder / "programs"
    programs.mkdir()
    first, second = (shlex.join(host.command(untrained.folder)) for host in hosts)
    for name, script in {
        "scontrol": "echo host0; echo host1",
        "srun": f'shift; {first} "$@" & a=$!; {second} "$@" & wait $a && wait $!',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (programs / name).chmod(0o755)
    path = f"{programs}{os.pathsep}{untrained.environment['PATH']}"
    slurm = {"JOB_NODELIST": "host[0-1]", "JOB_NUM_NODES": "2", "CPUS_PER_TASK": "1", "JOB_ID": "7"}
    done = subprocess.run(
        ["bash", ROOT / "examples/classify.sbatch", *STAGE[2:]], cwd=untrained.folder, capture_output=True, text=True,
        env=untrained.environment | {"PATH": path} | {f"SLURM_{name}": value for name, value in slurm.items()},
        timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert untrained.bytes_of(*MADE) == expected


@pytest.mark.faults
def test_the_example_for_kubernetes_runs(untrained: Project, expected: dict[str, bytes], tmp_path: Path) -> None:
    service, job = YAML(typ="safe").load_all(ROOT / "examples/classify.yaml")
    container = job["spec"]["template"]["spec"]["containers"][0]
    arguments = ["--nproc-per-node=1" if word == "--nproc-per-node=2" else word for word in container["args"]]
    (untrained.folder / ".venv").mkdir()
    (untrained.folder / ".venv/bin").symlink_to(Path(sys.executable).parent)
    assert {variable["name"]: variable["value"] for variable in container["env"]} == STORE_OF_ITS_OWN
    domain = service["metadata"]["name"]
    names = [f"{pod}.{domain}.default.svc.cluster.local {pod}.{domain} {pod}" for pod in ("classify-0", "classify-1")]
    command = [*container["command"], *arguments]
    with (
        two_hosts_or_skip(tmp_path, names) as pods,
        started(untrained, command, pods[0]) as first,
        started(untrained, command, pods[1]) as second,
    ):
        printed_by(first)
        printed_by(second)
    assert untrained.bytes_of(*MADE) == expected
