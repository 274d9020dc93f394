"""Everything around the work of a stage: its parameters, progress, seconds, and errors in one line.

No stage imports this module, so editing it reruns nothing.
"""

import errno
import fcntl
import importlib
import inspect
import json
import os
import platform
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from pipeline.core.errors import InputError, memory_is_short, one_line
from pipeline.core.files import check_file, write_json
from pipeline.core.yaml import parse_yaml
from pipeline.params import Params, parse
from stages.progress import Terminal

# What lowers the memory that a stage needs the most.
SMALLER_NETWORK = "lower classify.batch_size, classify.hidden_size or classify.tail_tokens in params.yaml"
LOWER = {
    "embed": "lower embed.vector_size or raise embed.min_count in params.yaml",
    "baseline": "raise baseline.min_df in params.yaml",
    "classify": SMALLER_NETWORK,
    "student": "lower student.hidden_size, classify.batch_size or classify.tail_tokens in params.yaml",
    "maas": "lower maas.n_words or maas.vector_size in params.yaml",
}
SUPPORT = ("__init__", "__main__", "runner", "progress")  # modules of this folder that are no stages


def read_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml.

    Raises:
        InputError: the file is missing, is not YAML, or has an invalid value.
    """
    check_file(path.absolute(), "run from the root of the project")
    values = parse_yaml(path.read_bytes(), path)
    if not isinstance(values, dict):
        raise InputError(f"{path} has no sections; `git checkout {path}` restores the committed one")
    return parse(values)


def hardware() -> str:
    """Return the number of processors, the model name of the first, and the GPU if torch has used one."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processors = f"{len(names)} x {names[0]}" if names else platform.processor() or platform.machine()
    torch = sys.modules.get("torch")  # not imported for this
    gpu = f" with {torch.cuda.get_device_name()}" if torch and torch.cuda.is_initialized() else ""
    return processors + gpu


def peak_memory_mib() -> float:
    """Return the largest resident size so far of this process or of one of its finished children, in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(one).ru_maxrss for one in who) / unit


def disk_is_full(error: Exception) -> bool:
    """Return whether a full disk caused an error; numpy and safetensors only say so in words."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return True
    return "No space left on device" in str(error) or " requested and " in str(error)


def is_read_only(error: Exception) -> bool:
    """Return whether an error is that of a folder or disk that may not be written."""
    if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return True
    return any(said in str(error) for said in ("Read-only file system", "Permission denied"))


@contextmanager
def alone(label: str) -> Iterator[None]:
    """Let one process at a time run a stage in this folder; DVC does so too, this is for stages run without it.

    Raises:
        InputError: another process runs it.
    """
    path = Path(f".{re.sub(r'[^A-Za-z0-9_-]', '_', label)[:100]}.partial")
    with open(path, "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system gives it up when the process ends
        except BlockingIOError:
            raise InputError(f"another process runs {label} in this folder; wait for it, or stop it") from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def errors_in_one_line(name: str) -> Iterator[None]:
    """End the process with one line, not a traceback, after an error that no change of the code would mend.

    These are InputError, a full or read-only disk, a file that vanished, too little memory (exit status 1) and Ctrl-C
    (130).
    """
    try:
        yield
    except InputError as error:
        sys.exit(f"error in {name}: {error}")
    except Exception as error:
        said = one_line(str(error), 300)
        if disk_is_full(error):
            sys.exit(f"error in {name}: the disk is full ({said}); free some space and run `dvc repro` again")
        if isinstance(error, FileNotFoundError):
            sys.exit(f"error in {name}: a file is missing ({said}); run `dvc repro`, which restores or makes it")
        if is_read_only(error):
            sys.exit(f"error in {name}: a file or folder cannot be written or read ({said}); make it writable")
        if memory_is_short(error):
            sys.exit(
                f"error in {name}: there is too little memory ({said or type(error).__name__});"
                f" {LOWER.get(name, 'use fewer reviews')}, or use a machine with more"
            )
        raise
    except KeyboardInterrupt:
        print(f"{name} was stopped; no half-written file is left, `dvc repro` continues from here", file=sys.stderr)
        sys.exit(130)


def run(name: str, main: Callable[..., Mapping[str, Any] | None], *arguments: str) -> None:
    """Run a stage: check all parameters, call `main`, write metrics/seconds/<name>[-<argument>...].json.

    `main` gets a `Progress`, the arguments, and by keyword the sections of params.yaml that its signature names. It
    returns figures for the closing line. Errors end the stage as in `errors_in_one_line`.
    """
    started = time.perf_counter()
    # A stage that DVC or a scheduler ends with SIGTERM cleans up as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    label = "-".join([name, *arguments])
    with errors_in_one_line(name):
        params = read_params()
        wanted = [key for key in inspect.signature(main).parameters if key in Params.model_fields]
        helps = os.environ.get("RANK", "0") != "0"  # of several processes of `torchrun`, only the first one writes
        with nullcontext() if helps else alone(label):
            figures = main(Terminal(), *arguments, **{key: getattr(params, key) for key in wanted}) or {}
        if helps:
            return
        seconds = time.perf_counter() - started
        if name not in ("params", "report"):  # a check takes no time, and the report shows the others' seconds
            measured = {
                "seconds": round(seconds, 1),
                "peak_memory_mib": round(peak_memory_mib(), 1),
                "hardware": hardware(),
            }
            write_json(Path(f"metrics/seconds/{label}.json"), measured)
    shown = ", ".join(f"{key.replace('_', ' ')} {_text(value)}" for key, value in figures.items())
    print(f"{label}: {shown}{', ' if shown else ''}{seconds:.1f} s")


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value if isinstance(value, str) else json.dumps(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def main() -> None:
    """Run the stage that the command line names."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in SUPPORT)
    name, *arguments = sys.argv[1:] or [""]
    if name not in names:
        sys.exit(f"error: there is no stage {name!r}; the stages are {', '.join(names)}")
    # Threads that wait sleep: those that spin take the core from the thread they wait for, if others keep it busy.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported
    with errors_in_one_line(name):
        module = importlib.import_module(f"stages.{name}")
    parameters = list(inspect.signature(module.main).parameters.values())[1:]  # the first one shows progress
    takes = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    if len(arguments) > len(takes):
        sys.exit(
            f"error: {' '.join(arguments)!r} is too much for the stage {name}, which takes"
            f" {' and '.join(takes) or 'no arguments'}; its parameters are in params.yaml"
        )
    run(name, module.main, *arguments)
