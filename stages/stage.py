"""What every stage shares: its parameters, its seconds, its errors in one line."""

import errno
import platform
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline import params as parameters
from pipeline.errors import InputError
from pipeline.files import write_json
from pipeline.params import Params


def read_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml.

    ruamel.yaml follows YAML 1.2, as DVC does, and reads the `1e-06` that DVC writes as a number.

    Raises:
        InputError: the file is missing, is not YAML, or holds a value that does not fit.
    """
    try:
        values: Any = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path.absolute()} is missing; run from the root of the project") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not readable YAML: {error}") from None
    if not isinstance(values, dict):
        raise InputError(f"{path} holds no sections; `git checkout {path}` brings the committed one back")
    return parameters.parse(values)


def hardware() -> str:
    """Name the processor, as the figures of a run depend on it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor() or platform.machine()


def peak_memory_mib() -> float:
    """Return the largest resident size so far of this process or of one of its finished children, in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(one).ru_maxrss for one in who) / unit


def disk_is_full(error: Exception) -> bool:
    """Tell whether an error came of a full disk; numpy and safetensors say it in words alone."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return True
    return "No space left on device" in str(error) or " requested and " in str(error)


def run(name: str, main: Callable[[Params], None], *, suffix: str = "", timed: bool = True) -> None:
    """Run a stage: check the parameters, call `main`, write metrics/seconds/<name><suffix>.json if `timed`.

    An InputError, a full disk and Ctrl-C end it with one line on standard error and the exit status 1 or 130.
    """
    started = time.perf_counter()
    # A stage that DVC or a scheduler ends with SIGTERM cleans up as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main(read_params())
        seconds = time.perf_counter() - started
        if timed:
            figures = {
                "seconds": round(seconds, 1),
                "peak_memory_mib": round(peak_memory_mib(), 1),
                "hardware": hardware(),
            }
            write_json(Path(f"metrics/seconds/{name}{suffix}.json"), figures)
    except InputError as error:
        sys.exit(f"error in {name}: {error}")
    except Exception as error:
        if not disk_is_full(error):
            raise
        sys.exit(f"error in {name}: the disk is full ({error}); free some space and run `dvc repro` again")
    except KeyboardInterrupt:
        print(f"{name} was stopped; nothing half-written is left, `dvc repro` goes on from here", file=sys.stderr)
        sys.exit(130)
    print(f"{name}{suffix}: {seconds:.1f} s")
