"""Everything around the work of a stage: its parameters, progress, seconds, and errors in one line.

No stage imports this module, so editing it reruns nothing.
"""

import errno
import importlib
import inspect
import json
import platform
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.core.errors import InputError
from pipeline.core.files import write_json
from pipeline.params import Params, parse
from stages.progress import Terminal

SUPPORT = ("__init__", "__main__", "runner", "progress")  # modules of this folder that are no stages


def read_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml.

    ruamel.yaml follows YAML 1.2, as DVC does, and reads the `1e-06` that DVC writes as a number.

    Raises:
        InputError: the file is missing, is not YAML, or has an invalid value.
    """
    try:
        values: Any = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path.absolute()} is missing; run from the root of the project") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not readable YAML: {error}") from None
    if not isinstance(values, dict):
        raise InputError(f"{path} has no sections; `git checkout {path}` restores the committed one")
    return parse(values)


def hardware() -> str:
    """Return the number of processors and the model name of the first."""
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
    """Return whether a full disk caused an error; numpy and safetensors only say so in words."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return True
    return "No space left on device" in str(error) or " requested and " in str(error)


def run(name: str, main: Callable[..., Mapping[str, Any] | None], *arguments: str) -> None:
    """Run a stage: check all parameters, call `main`, write metrics/seconds/<name>[-<argument>...].json.

    `main` gets a `Progress`, the arguments, and by keyword the sections of params.yaml that its signature names. It
    returns figures for the closing line. An InputError, a full disk and Ctrl-C end the stage with one line on
    standard error and the exit status 1 or 130.
    """
    started = time.perf_counter()
    # A stage that DVC or a scheduler ends with SIGTERM cleans up as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    label = "-".join([name, *arguments])
    try:
        params = read_params()
        wanted = [key for key in inspect.signature(main).parameters if key in Params.model_fields]
        figures = main(Terminal(), *arguments, **{key: getattr(params, key) for key in wanted}) or {}
        seconds = time.perf_counter() - started
        if name not in ("params", "report"):  # a check takes no time, and the report shows the others' seconds
            measured = {
                "seconds": round(seconds, 1),
                "peak_memory_mib": round(peak_memory_mib(), 1),
                "hardware": hardware(),
            }
            write_json(Path(f"metrics/seconds/{label}.json"), measured)
    except InputError as error:
        sys.exit(f"error in {name}: {error}")
    except Exception as error:
        if not disk_is_full(error):
            raise
        sys.exit(f"error in {name}: the disk is full ({error}); free some space and run `dvc repro` again")
    except KeyboardInterrupt:
        print(f"{name} was stopped; no half-written file is left, `dvc repro` continues from here", file=sys.stderr)
        sys.exit(130)
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
    module = importlib.import_module(f"stages.{name}")
    run(name, module.main, *arguments)
