"""Each generator against the definition of its task."""

import re

import numpy as np
import pytest

from experiments.long_lags.tasks import markers, noise, order, reber, sinusoids, symbols
from experiments.long_lags.tasks.batch import Batch, same_side, within
from experiments.long_lags.tasks.table import LAGS, TASKS, task_of
from pipeline.core.errors import InputError

N = 4000
Rng = np.random.Generator


def last(batch: Batch) -> np.ndarray:
    """Return the targets [B, K] of a batch with one target per sequence."""
    assert (batch.mask.sum(1) == 1).all()
    assert (batch.mask.argmax(1) == batch.lengths - 1).all()
    return batch.targets[batch.mask]


def inputs_within(batch: Batch, first: int) -> np.ndarray:
    """Return the inputs from a step on, without padding and without the last step."""
    steps = np.arange(batch.inputs.shape[1])
    return batch.inputs[(steps >= first) & (steps < batch.lengths[:, None] - 1)]


def uniform_lengths(batch: Batch) -> bool:
    """Whether lengths are 100 to 110, about equally often."""
    values, counts = np.unique(batch.lengths, return_counts=True)
    return list(values) == list(range(100, 111)) and bool(np.abs(counts - N / 11).max() < 0.25 * N / 11)


@pytest.mark.parametrize("name", TASKS)
def test_a_batch_has_the_promised_shapes_and_is_the_same_for_the_same_seed(name: str) -> None:
    task = TASKS[name]
    batch, again = (task.draw(np.random.default_rng(1), 6, task.length, task.lag) for _ in range(2))
    n, longest = len(batch), int(batch.lengths.max())
    assert n == 6
    assert batch.inputs.shape[:2] == batch.mask.shape == batch.targets.shape[:2] == (n, longest)
    assert batch.answers.shape == batch.targets.shape
    assert batch.inputs.dtype == batch.targets.dtype == batch.answers.dtype == np.float32
    padding = np.arange(longest) >= batch.lengths[:, None]
    assert not batch.mask[padding].any()
    assert not batch.inputs[padding].any()
    assert (batch.inputs == again.inputs).all()
    assert (batch.targets == again.targets).all()
    if task.length:
        assert batch.lengths.min() >= task.length
        assert np.allclose(batch.lengths, task.length, atol=0.1 * task.length + 1) or name == "symbols_2c"
    assert batch.rows(np.array([2, 0])).lengths.tolist() == batch.lengths[[2, 0]].tolist()


def test_reber_strings_are_of_the_grammar(rng: Rng) -> None:
    # The grammar as a regular expression, written down independently of the table of states.
    through_t = "TS*X(?:X[T]*V(?:PX[T]*V)*(?:PS|V)|S)"
    batch = reber.draw(rng, N, 0, 0)
    outer = set()
    for row in range(N):
        steps = batch.lengths[row]
        symbols_in = batch.inputs[row, :steps].argmax(1)
        string = "".join(reber.SYMBOLS[i] for i in [*symbols_in, batch.targets[row, steps - 1].argmax()])
        assert re.fullmatch(r"B([TP])B[TPSXV]+E\1E", string), string
        assert (batch.targets[row, : steps - 1].argmax(1) == symbols_in[1:]).all()
        inner = string[3:-3]
        if inner.startswith("T") and "P" not in inner:
            assert re.fullmatch(through_t, inner), string
        outer.add(string[1])
        assert (batch.answers[row, :steps][batch.targets[row, :steps] > 0] == 1).all()  # what came was possible
    assert outer == {"T", "P"}
    assert batch.lengths.min() == len("BTBTXSETE") - 1
    assert set(batch.answers[batch.mask].sum(1)) == {1, 2}


def test_the_states_of_the_reber_grammar() -> None:
    """Strings that everyone quotes, and two that are wrong."""

    def accepts(string: str) -> bool:
        state = 0
        for symbol in string[1:-1]:
            if state == reber.END or symbol not in reber.GRAMMAR[state]:
                return False
            state = reber.GRAMMAR[state][symbol]
        return state == reber.END

    assert all(map(accepts, ("BTXSE", "BPVVE", "BTSSXXTVVE", "BPTVPXVVE", "BTSXXVPSE")))
    assert not any(map(accepts, ("BTXE", "BPXSE", "BTSSPXSE")))


def test_a_reber_string_is_wrong_if_one_possible_symbol_is_not_among_the_most_active(rng: Rng) -> None:
    batch = reber.draw(rng, 3, 0, 0)
    outputs = batch.answers[batch.mask] * 0.4 + 0.1
    assert not reber.most_active(outputs, batch).any()
    place = int(batch.lengths[0])  # the first symbol of the second string
    outputs[place, outputs[place].argmax()] = 0.05
    assert reber.most_active(outputs, batch).tolist() == [False, True, False]


def test_2a_repeats_the_same_two_sequences(rng: Rng) -> None:
    batch = symbols.draw_2a(rng, 50, 100, 99)
    codes = batch.inputs.argmax(2)
    assert batch.inputs.shape == (50, 100, 101)
    assert set(codes[:, 0]) == {99, 100}
    assert (codes[:, 1:] == np.arange(99)).all()
    assert batch.mask.all()
    assert (batch.targets[:, :-1] == batch.inputs[:, 1:]).all()
    assert (batch.targets[:, -1] == batch.inputs[:, 0]).all()


def test_2b_has_random_symbols_between(rng: Rng) -> None:
    batch = symbols.draw_2b(rng, 500, 100, 99)
    codes = batch.inputs.argmax(2)
    assert set(codes[:, 0]) == {99, 100}
    assert set(codes[:, 1:].flat) == set(range(99))
    assert np.bincount(codes[:, 1:].flat).std() < 40  # about 500 each
    assert (last(batch) == batch.inputs[:, 0]).all()


def test_2c_ends_with_e_after_a_random_lag(rng: Rng) -> None:
    batch = symbols.draw_2c(rng, N, 53, 51)
    q = 50
    codes = batch.inputs.argmax(2)
    assert batch.inputs.shape[2] == q + 4
    assert (codes[:, 0] == q).all()
    assert set(codes[:, 1]) == {q + 1, q + 2}
    assert (codes[np.arange(N), batch.lengths - 1] == q + 3).all()
    between = np.arange(codes.shape[1])
    inside = (between > 1) & (between < batch.lengths[:, None] - 1)
    assert codes[inside].max() == q - 1
    assert batch.lengths.min() + 1 == q + 4
    assert abs((batch.lengths - batch.lengths.min()).mean() - 9) < 0.6  # geometric, 0.9 / 0.1
    assert (last(batch) == batch.inputs[:, 1]).all()


def test_3a_has_a_clean_signal_then_noise_of_variance_a_fifth(rng: Rng) -> None:
    batch = noise.draw_3a(rng, N, 100, 97)
    assert uniform_lengths(batch)
    signal = batch.inputs[:, :3, 0]
    assert set(signal.flat) == {1, -1}
    assert (signal == signal[:, :1]).all()
    assert (last(batch)[:, 0] == (signal[:, 0] == 1)).all()
    assert abs(inputs_within(batch, 3).var() - 0.2) < 0.005
    assert abs(inputs_within(batch, 3).mean()) < 0.005


def test_3b_has_the_same_noise_on_the_signal(rng: Rng) -> None:
    batch = noise.draw_3b(rng, N, 100, 97)
    off = batch.inputs[:, :3, 0] - np.where(last(batch) == 1, 1, -1)
    assert abs(off.var() - 0.2) < 0.01
    assert abs(inputs_within(batch, 3).var() - 0.2) < 0.005


def test_3c_has_noise_of_variance_a_tenth_on_the_target(rng: Rng) -> None:
    batch = noise.draw_3c(rng, N, 100, 97)
    answers = batch.answers[batch.mask][:, 0]
    assert np.allclose(answers, np.where(batch.inputs[:, 0, 0] == 1, 0.2, 0.8))
    off = last(batch)[:, 0] - answers
    assert abs(off.var() - 0.1) < 0.01
    assert abs(off.mean()) < 0.02
    assert set(batch.inputs[:, :3, 0].flat) == {1, -1}


@pytest.mark.parametrize(("name", "low", "start"), [("adding", -1, 0.0), ("multiplication", 0, 1.0)])
def test_two_numbers_are_marked_and_added_or_multiplied(rng: Rng, name: str, low: int, start: float) -> None:
    task = TASKS[name]
    batch = task.draw(rng, N, 100, 50)
    assert uniform_lengths(batch)
    values, marks = batch.inputs[..., 0], batch.inputs[..., 1]
    assert set(marks.flat) == {-1, 0, 1}
    assert (marks[:, 0] == -1).all()
    assert (marks[np.arange(N), batch.lengths - 1] == -1).all()
    assert ((marks == -1).sum(1) == 2).all()
    numbers = (marks == 1).sum(1)
    assert set(numbers) == {1, 2}  # 1: the other is the first, whose marker stays -1
    assert abs((numbers == 1).mean() - (0.1 + 0.9 / 48)) < 0.02
    steps = [row.nonzero()[0] for row in marks == 1]
    assert max(step.max() for step in steps) == 48  # among the first T / 2 - 1
    two = [step for step in steps if len(step) == 2]
    assert max(step.min() for step in two) == 9
    low_half = np.mean([step.max() < 25 for step in two])
    assert 0.35 < low_half < 0.6
    inside = np.arange(values.shape[1]) < batch.lengths[:, None]
    assert abs(values[inside].mean() - (low + 1) / 2) < 0.01
    assert values[inside].min() >= low
    assert values.max() <= 1
    expected = []
    for row, step in enumerate(steps):
        chosen = [float(values[row, i]) for i in step] + [start] * (2 - len(step))
        expected.append(0.5 + sum(chosen) / 4 if name == "adding" else chosen[0] * chosen[1])
    assert np.allclose(last(batch)[:, 0], expected, atol=1e-6)


def test_the_recalled_number_is_the_marked_one_of_the_first_ten(rng: Rng) -> None:
    batch = markers.draw_recall(rng, N, 40, 30)
    marked = batch.inputs[..., 1] == 1
    assert (batch.lengths == 40).all()
    assert (marked.sum(1) == 1).all()
    assert set(marked.argmax(1)) == set(range(10))
    assert (last(batch)[:, 0] == batch.inputs[..., 0][marked]).all()
    assert -1 <= batch.inputs[..., 0].min() < -0.99
    assert 0.99 < batch.inputs[..., 0].max() <= 1


@pytest.mark.parametrize(
    ("name", "spans"), [("order_6a", [(10, 20), (50, 60)]), ("order_6b", [(10, 20), (33, 43), (66, 76)])]
)
def test_x_and_y_are_where_they_belong_and_the_class_is_their_order(
    rng: Rng, name: str, spans: list[tuple[int, int]]
) -> None:
    task = TASKS[name]
    batch = task.draw(rng, N, task.length, task.lag)
    assert uniform_lengths(batch)
    codes = batch.inputs.argmax(2)
    letters = np.array(list(order.SYMBOLS))[codes]
    inside = np.arange(codes.shape[1]) < batch.lengths[:, None]
    counts = np.isin(letters, ["X", "Y"]) & inside
    assert (counts.sum(1) == len(spans)).all()
    places = np.array([row.nonzero()[0] for row in counts])
    assert [(column.min(), column.max()) for column in places.T] == spans
    assert (letters[:, 0] == "E").all()
    assert (letters[np.arange(N), batch.lengths - 1] == "B").all()
    assert ((letters == "E") & inside).sum() == ((letters == "B") & inside).sum() == N
    orders = ["".join(letters[row, places[row]]) for row in range(N)]
    classes = last(batch).argmax(1)
    assert len(set(zip(orders, classes, strict=True))) == len(set(orders)) == 2 ** len(spans)
    assert np.abs(np.bincount(classes) / N - 0.5 ** len(spans)).max() < 0.03


def test_the_two_sequences_are_fixed_patterns_in_noise(rng: Rng) -> None:
    batch = noise.draw_two_sequences(rng, N, 100, 95)
    first = last(batch)[:, 0] == 1
    patterns = [batch.inputs[first == which, :5, 0] for which in (True, False)]
    for pattern in patterns:
        assert np.abs(pattern.var(0) - 0.2).max() < 0.04
    other = noise.draw_two_sequences(np.random.default_rng(9), N, 100, 95)
    again = other.inputs[last(other)[:, 0] == 1, :5, 0].mean(0)
    assert np.abs(patterns[0].mean(0) - again).max() < 0.06
    assert np.abs(patterns[0].mean(0) - patterns[1].mean(0)).max() > 0.5
    assert abs(inputs_within(batch, 5).var() - 0.2) < 0.005


@pytest.mark.parametrize("lag", LAGS[:3])
def test_the_latch_has_its_one_signal_exactly_the_lag_before_the_end(rng: Rng, lag: int) -> None:
    task = TASKS[f"latch_{lag}"]
    batch = task.draw(rng, 1000, task.length, task.lag)
    assert (batch.lengths - 1 == lag).all()
    assert set(batch.inputs[:, 0].flat) == {1, -1}
    assert (last(batch)[:, 0] == (batch.inputs[:, 0, 0] == 1)).all()
    assert abs(batch.inputs[:, 1:].var() - 0.2) < 0.02


def test_parity_is_the_sign_of_the_product(rng: Rng) -> None:
    batch = noise.draw_parity(rng, N, 10, 0)
    assert set(batch.inputs.flat) == {1, -1}
    assert (last(batch)[:, 0] == ((batch.inputs[..., 0] == -1).sum(1) % 2 == 0)).all()
    assert abs(last(batch).mean() - 0.5) < 0.03


def test_the_sinusoids_have_their_periods_power_and_noise(rng: Rng) -> None:
    batch = sinusoids.draw(rng, 400, 1200, 32)
    assert (batch.mask == (np.arange(1200) >= 32)).all()
    clean = batch.targets[:, :-1].sum(2)  # at the next step
    assert abs((batch.inputs[:, 1:, 0] - clean).var() - sinusoids.VARIANCE) < 0.005
    for band, (shortest, longest) in enumerate(sinusoids.PERIODS.values()):
        wave = batch.targets[..., band]
        assert abs((wave**2).mean() - sinusoids.POWER) < 0.01
        spectrum = np.abs(np.fft.rfft(wave, axis=1))[:, 1:].argmax(1) + 1
        periods = 1200 / spectrum
        assert shortest * 0.94 <= periods.min() < shortest * 1.15
        assert longest * 0.85 < periods.max() <= longest * 1.06


def test_a_sinusoid_is_wrong_if_either_band_is(rng: Rng) -> None:
    batch = sinusoids.draw(rng, 3, 64, 32)
    outputs = batch.answers[batch.mask].reshape(3, 32, 2).copy()
    outputs[1, :, 1] += 0.5  # 0.25, more than a fifth of 0.5
    assert sinusoids.follows_both(outputs.reshape(-1, 2), batch).tolist() == [False, True, False]


def test_the_judges(rng: Rng) -> None:
    batch = noise.draw_3a(rng, 3, 10, 7)
    outputs = last(batch) + np.array([[0.03], [0.04], [-0.039]])
    outputs[1] = last(batch)[1] + 0.0401
    assert within(0.04)(outputs.astype(np.float32), batch).tolist() == [False, True, False]
    assert same_side(np.abs(last(batch) - 0.1), batch).tolist() == [False] * 3
    assert same_side(1 - last(batch), batch).tolist() == [True] * 3


@pytest.mark.parametrize(
    ("name", "length", "lag", "said"),
    [
        ("addnig", None, None, "there is no task 'addnig'; the tasks are reber, symbols_2a, .*latch_1000"),
        ("adding", 100, 100, "a lag of 100 steps does not fit into a sequence of 100; choose a lag from 0 to 99"),
        ("latch_10", None, 11, "a lag of 11 steps does not fit into a sequence of 11"),
        ("noise_3a", 20, None, "a lag of 97 steps does not fit into a sequence of 20"),
        ("noise_3a", None, -1, "a lag of -1 steps does not fit"),
        ("reber", 20, None, "the lengths of reber are those of its grammar"),
    ],
)
def test_a_wrong_task_or_size_is_refused(name: str, length: int | None, lag: int | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        task_of(name, length, lag)


def test_a_size_that_a_generator_cannot_draw_is_refused(rng: Rng) -> None:
    with pytest.raises(InputError, match="sequences of 50 steps have a lag of 49 in this task, not 40"):
        symbols.draw_2a(rng, 1, 50, 40)
    with pytest.raises(InputError, match="sequences of 53 steps have a lag of 51 in this task, not 52"):
        symbols.draw_2c(rng, 1, 53, 52)
    with pytest.raises(InputError, match="10 numbers must come before the lag, and 9 do"):
        markers.draw_adding(rng, 1, 20, 10)
    with pytest.raises(InputError, match=r"X and Y do not fit into 100 steps before a lag of 70; .* at most 60"):
        order.draw_6a(rng, 1, 100, 70)
    with pytest.raises(InputError, match="a lag of 10 steps does not fit into a sequence of 10"):
        noise.draw_latch(rng, 1, 10, 10)
