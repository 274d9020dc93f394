"""The files for clusters: they parse, and torch's launcher knows their options. `make test-torchrun` runs them."""

import shlex
import subprocess

from ruamel.yaml import YAML
from torch.distributed.run import get_args_parser

from tests.conftest import ROOT

SLURM, KUBERNETES = ROOT / "examples/classify.sbatch", ROOT / "examples/classify.yaml"
SAME = ("nnodes", "nproc_per_node", "max_restarts", "rdzv_backend", "module", "training_script")


def test_both_examples_start_the_same_training() -> None:
    subprocess.run(["bash", "-n", SLURM], check=True)
    text = SLURM.read_text("utf-8").replace("\\\n", " ")
    text = text.replace("$SLURM_JOB_NUM_NODES", "2").replace("$SLURM_CPUS_PER_TASK", "2")
    (line,) = (line for line in text.splitlines() if line.startswith("srun "))
    of_slurm = get_args_parser().parse_args(shlex.split(line.partition(" torchrun ")[2]))
    _, job = YAML(typ="safe").load_all(KUBERNETES)
    container = job["spec"]["template"]["spec"]["containers"][0]
    of_kubernetes = get_args_parser().parse_args(container["args"])
    assert {name: getattr(of_slurm, name) for name in SAME} == {name: getattr(of_kubernetes, name) for name in SAME}
    for variable in container["env"]:
        assert f"export {variable['name']}={variable['value']} " in text
