"""A group of processes that train together: each has a part of every batch, and their gradients are added up.

The products of an LSTM's steps are small, so n threads that share each of them wait for one another at each;
`make bench ROWS=training` compares. All processes draw the same random numbers and take the same steps, so their
weights stay equal to the bit, and the result is that of one process but for the order in which numbers are added.

Shapes: K rows of a sparse gradient, D columns.
"""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import torch
from torch import Tensor, distributed, multiprocessing

from pipeline.core.errors import InputError

PATIENCE = timedelta(minutes=30)  # a process may be stopped for a while


@dataclass(frozen=True)
class Group:
    """This process's place in the group; alone by default.

    Attributes:
        rank: from 0; the process of rank 0 writes.
        size: the number of processes.
    """

    rank: int = 0
    size: int = 1

    def part(self, rows: Tensor) -> tuple[Tensor, float]:
        """Return the rows that this process takes of rows [B], and their share of B.

        Where there are fewer rows than processes, it takes the first one, with a share of 0.
        """
        mine = rows[self.rank :: self.size]
        return (mine, len(mine) / len(rows)) if len(mine) else (rows[:1], 0.0)

    def add(self, tensors: Sequence[Tensor]) -> None:
        """Add up dense tensors of the same shapes over the processes, in place."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        distributed.all_reduce(flat)
        for tensor, total in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(total.view_as(tensor))

    def add_sparse(self, gradient: Tensor) -> Tensor:
        """Return the sum over the processes of sparse gradients [V, D] that each have K rows, coalesced."""
        gradient = gradient.coalesce()
        if self.size == 1:
            return gradient
        rows, values = gradient.indices()[0], gradient.values()  # [K], [K, D]
        most = rows.new_tensor(len(rows))
        distributed.all_reduce(most, distributed.ReduceOp.MAX)
        padded = rows.new_full((int(most),), -1)
        padded[: len(rows)] = rows
        of_all = [torch.empty_like(padded) for _ in range(self.size)]
        distributed.all_gather(of_all, padded)
        union = torch.unique(torch.cat(of_all))  # sorted
        union = union[union >= 0]
        total = values.new_zeros(len(union), values.shape[1])
        total[torch.searchsorted(union, rows)] = values
        distributed.all_reduce(total)
        return torch.sparse_coo_tensor(union[None], total, gradient.shape, is_coalesced=True, check_invariants=False)

    def any(self, condition: bool) -> bool:
        """Return whether the condition is true in any process."""
        count = torch.tensor(float(condition))
        self.add([count])
        return bool(count)

    def from_first(self, content: bytes) -> bytes:
        """Return the bytes that the first process passes."""
        if self.size == 1:
            return content
        size = torch.tensor(len(content))
        distributed.broadcast(size, 0)
        data = torch.zeros(int(size), dtype=torch.uint8)
        if self.rank == 0 and content:
            data = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        distributed.broadcast(data, 0)
        return data.numpy().tobytes()


ALONE = Group()


def by_launcher() -> bool:
    """Return whether `torchrun` started this process, as one of several."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def check_launcher() -> None:
    """Check that processes which `torchrun` starts again will find each other.

    Its launcher may keep one store for all starts; gloo then finds in it the addresses of the processes that ended.

    Raises:
        InputError: they will not.
    """
    shared = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    if shared and os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0") != "0":
        raise InputError(
            "with --max-restarts, torchrun needs the variable TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 and, for several"
            " machines, --rdzv-backend c10d; otherwise processes that start again look for those that ended"
        )


def _join(rank: int, size: int, store: str) -> Group:
    distributed.init_process_group("gloo", f"file://{store}", PATIENCE, size, rank)
    return Group(rank, size)


def _helper(rank: int, size: int, store: str, work: Callable[[Group], object], ready: Connection) -> None:
    # A terminal or a scheduler sends these to all processes; rank 0 then ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready.send_bytes(b"ready")
    with suppress(InputError, RuntimeError, KeyboardInterrupt):  # rank 0 meets the same, or has ended, and says so
        work(_join(rank, size, store))


@contextmanager
def together(n_processes: int, work: Callable[[Group], object]) -> Iterator[Group]:
    """Start the other processes of a group, each of which calls `work`; yield the place of this one.

    If `torchrun` has started the processes, they find each other by its environment variables, and `n_processes` counts
    for nothing.

    Args:
        n_processes: of the group, this one included.
        work: makes the same calls of `Group.add` as this process makes; picklable.

    Raises:
        InputError: another process ended early, or `torchrun` was started so that no restart would succeed.
    """
    if by_launcher():
        check_launcher()
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        distributed.init_process_group(backend, timeout=PATIENCE)
        yield Group(distributed.get_rank(), distributed.get_world_size())
        distributed.destroy_process_group()
    elif n_processes == 1:
        yield ALONE
    else:
        with tempfile.TemporaryDirectory() as folder:
            store = str(Path(folder) / "store")
            helpers = [_start(rank, n_processes, store, work) for rank in range(1, n_processes)]
            try:
                for helper, ready in helpers:
                    try:
                        ready.recv_bytes()
                    except EOFError:  # its end of the pipe is closed
                        helper.join()
                        raise RuntimeError(f"exit status {helper.exitcode}") from None
                yield _join(0, n_processes, store)
            except RuntimeError as error:
                for helper, _ in helpers:
                    helper.join(1)  # one that is ending may take a moment
                if all(helper.is_alive() for helper, _ in helpers):
                    raise
                raise InputError(
                    f"a process of the training ended early ({error}), perhaps for lack of memory;"
                    " lower classify.n_processes in params.yaml and run `dvc repro` again"
                ) from None
            finally:
                for helper, _ in helpers:
                    helper.kill()
                    helper.join()
                if distributed.is_initialized():
                    distributed.destroy_process_group()


def _start(rank: int, size: int, store: str, work: Callable[[Group], object]) -> tuple[SpawnProcess, Connection]:
    """Start a process; return it, and where it says that it runs."""
    context = multiprocessing.get_context("spawn")  # forking a process that has threads is not safe
    ready, said = context.Pipe(duplex=False)
    helper = context.Process(target=_helper, args=(rank, size, store, work, said), daemon=True)
    helper.start()
    said.close()  # the other end is the process's own
    return helper, ready
