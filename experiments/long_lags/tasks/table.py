"""The tasks by name, with their criteria of success and the published figures of the LSTM of 1997.

How sure a published figure or criterion is: [r] read in the paper or in public code, [s] read second-hand, [m] common
knowledge, not checked; "own" for what this study chose.
"""

from dataclasses import dataclass, replace
from typing import Literal

from experiments.long_lags.tasks import markers, noise, order, reber, sinusoids, symbols
from experiments.long_lags.tasks.batch import Draw, Judge, check_size, same_side, within
from pipeline.core.errors import InputError

LAGS = (10, 30, 100, 300, 1000)  # of the latch, which is to keep a bit, and of the recall of a number


@dataclass(frozen=True)
class Task:
    """A task at its usual size.

    Attributes:
        title: for tables.
        draw: its generator.
        judge: whether a sequence is wrong.
        output: softmax with cross-entropy, logistic with binary cross-entropy, or linear with squared error.
        length: steps of the shortest sequence; 0 for those of a grammar.
        lag: steps at least from the last input that counts to the target.
        cap: training sequences after which a run has failed.
        n_test: fresh sequences that a run is judged on.
        n_wrong: of these may be wrong.
        mean_error: what the mean absolute error must be below.
        criterion: the criterion in words, with how sure it is.
        n_train: sequences of a fixed training set, which then have to be answered too; 0 if all are fresh.
        published: training sequences that the LSTM of 1997 needed, with how sure the figure is.
        bands: names of the outputs, if their errors are reported separately.
    """

    title: str
    draw: Draw
    judge: Judge
    output: Literal["softmax", "logistic", "linear"]
    length: int
    lag: int
    cap: int
    n_test: int
    criterion: str
    n_wrong: int = 0
    mean_error: float = float("inf")
    n_train: int = 0
    published: str = ""
    bands: tuple[str, ...] = ()


QUARTER = "10,000 in a row with every output within 0.25 [s]"
NONE_WRONG = "all of 256 classified correctly [m]"

TASKS: dict[str, Task] = {
    "reber": Task(
        "1 embedded Reber grammar", reber.draw, reber.most_active, "softmax", 0, 0, 64_000, 256,
        "at every symbol of 256 training and 256 test strings, the possible next ones are the most active [s]",
        n_train=256, published="8,440 [s]",
    ),
    "symbols_2a": Task(
        "2a no noise, p = 100", symbols.draw_2a, within(0.25), "softmax", 100, 99, 64_000, 10_000, QUARTER,
        published="5,040 [s]",
    ),
    "symbols_2b": Task(
        "2b random symbols, p = 100", symbols.draw_2b, within(0.25), "softmax", 100, 99, 48_000, 10_000, QUARTER,
        published="5,680 [s]",
    ),
    "symbols_2c": Task(
        "2c random lag, q = 50", symbols.draw_2c, within(0.25), "softmax", 53, 51, 48_000, 10_000, QUARTER,
        published="49,000 for q = 1,000 [s]",
    ),
    "noise_3a": Task(
        "3a signal, then noise", noise.draw_3a, same_side, "logistic", 100, 97, 48_000, 256, NONE_WRONG
    ),
    "noise_3b": Task(
        "3b noise on the signal", noise.draw_3b, same_side, "logistic", 100, 97, 48_000, 256, NONE_WRONG
    ),
    "noise_3c": Task(
        "3c noise on the target", noise.draw_3c, same_side, "linear", 100, 97, 96_000, 256,
        f"{NONE_WRONG}, and within 0.015 of the target without noise on average [m]", mean_error=0.015,
    ),
    "adding": Task(
        "4 adding", markers.draw_adding, within(0.04), "linear", 100, 50, 192_000, 2_000,
        "2,000 in a row within 0.04 [r: 0.04; m: 2,000]", published="74,000 [m]",
    ),
    "multiplication": Task(
        "5 multiplication", markers.draw_multiplication, within(0.04), "linear", 100, 50, 192_000, 2_000,
        "at most 140 of 2,000 off by 0.04 or more [s]", n_wrong=140, published="482,000 [s]",
    ),
    "order_6a": Task(
        "6a order of two", order.draw_6a, within(0.3), "softmax", 100, 40, 64_000, 2_000,
        "2,000 in a row with every output within 0.3 [s: 0.3; m: 2,000]", published="31,390 [s]",
    ),
    "order_6b": Task(
        "6b order of three", order.draw_6b, within(0.3), "softmax", 100, 24, 96_000, 2_000,
        "2,000 in a row with every output within 0.3 [s: 0.3; m: 2,000]",
    ),
    "two_sequences": Task(
        "two sequences", noise.draw_two_sequences, same_side, "logistic", 100, 95, 48_000, 256,
        "at most 1 % of 256 wrong (own)", n_wrong=2,
    ),
    "parity": Task(
        "parity of 10", noise.draw_parity, same_side, "logistic", 10, 0, 128_000, 2_000, "2,000 in a row (own)"
    ),
    "sinusoids": Task(
        "slow and fast sinusoid", sinusoids.draw, sinusoids.follows_both, "linear", 128, 32, 48_000, 256,
        "at most 5 % of 256 with a squared error above a fifth of the power in either band (own)",
        n_wrong=12, bands=tuple(sinusoids.PERIODS),
    ),
}  # fmt: skip
TASKS |= {
    f"latch_{lag}": Task(
        f"latch, lag {lag:,}", noise.draw_latch, same_side, "logistic", lag + 1, lag, 32_000, 256,
        "all of 256 classified correctly (own)",
    )
    for lag in LAGS
}  # fmt: skip
TASKS |= {
    f"recall_{lag}": Task(
        f"recall, lag {lag:,}", markers.draw_recall, within(0.1), "linear", lag + 10, lag,
        32_000 if lag < 1000 else 16_000, 256, "at most 1 % of 256 off by 0.1 or more (own)", n_wrong=2,
    )
    for lag in LAGS
}  # fmt: skip


def task_of(name: str, length: int | None = None, lag: int | None = None) -> Task:
    """Return a task, at another size if asked for.

    Raises:
        InputError: there is no such task, or the lag does not fit into the sequence.
    """
    if name not in TASKS:
        raise InputError(f"there is no task {name!r}; the tasks are {', '.join(TASKS)}")
    task = TASKS[name]
    if length is None and lag is None:
        return task
    if not task.length:
        raise InputError(f"the lengths of {name} are those of its grammar; leave out length and lag")
    sized = replace(task, length=task.length if length is None else length, lag=task.lag if lag is None else lag)
    check_size(sized.length, sized.lag)
    return sized
