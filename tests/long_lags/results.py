"""Results of runs, made up."""

from typing import Any


def seed(number: int, sequences: int | None, **more: Any) -> dict[str, Any]:
    return {
        "seed": number, "solved": sequences is not None, "sequences": sequences or 48_000, "diverged": False,
        "wrong_frac": 0.0 if sequences else 0.5, "mean_error": 0.1, "training_seconds": 1.0, **more,
    }  # fmt: skip


def result(cell: str, *needed: int | None, **more: Any) -> dict[str, Any]:
    seeds = [seed(number, sequences) for number, sequences in enumerate(needed, 1)]
    return {"cell": cell, "length": 11, "lag": 10, "cap": 48_000, "seeds": seeds, **more} | {
        "seconds": 3600.0, "commit": "1234567890", "hardware": "2 x A",
    }  # fmt: skip
