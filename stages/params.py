"""Check params.yaml first: DVC deletes the outputs of a stage before it runs, and a typo must not cost a model.

Reads:  params.yaml, external/ if a parameter names a file there
Writes: data/params.json, the same for all valid parameters, so that nothing reruns because of it
Params: params.yaml
"""

from pathlib import Path
from typing import Any

from pipeline.core.files import write_json
from pipeline.core.progress import Progress
from pipeline.embed.external import find_external


def main(progress: Progress, *, embed: Any, classify: Any) -> None:
    """Check what the types in pipeline/*/params.py cannot: the files and the device that the parameters name.

    The sections are not named by their types, which would make this stage depend on the code of all others.
    """
    for name in (embed.pretrained, embed.continue_from):
        if name is not None:
            find_external(name)
    if classify.device == "cuda":  # only then is it worth the seconds that importing torch takes
        from pipeline.classify.device import choose_device

        choose_device(classify.device)
    write_json(Path("data/params.json"), {"valid": True})
