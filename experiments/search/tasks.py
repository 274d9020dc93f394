"""Two small tasks that need memory, and how fast a cell learns them.

- `memory`: three symbols of four, a pause of two tokens, then the symbols again, in order. Quick; it rejects.
- `order`: 40 random tokens, among them two marks, each X or Y, and at the end which of the four orders it was. After
  the temporal order of Hochreiter and Schmidhuber, 1997 (there 100 tokens); it ranks.

Shapes: B sequences, T tokens, D symbols, K tokens with an answer.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from experiments.cells.budget import hidden_size, layers_of

N_SYMBOLS = 8  # D of both tasks
BUDGET = 3264  # parameters: those of `lstm` with 24 units and 8 inputs
BATCH_SIZE, N_HELDOUT = 32, 1024
RATES = (0.003, 0.01)


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        draw: takes the number of sequences and a generator; returns symbols int64 [B, T] and the answers at the last K
            tokens, int64 [B, K].
        n_classes: of the answers.
        n_steps: to train for.
    """

    draw: Callable[[int, torch.Generator], tuple[Tensor, Tensor]]
    n_classes: int
    n_steps: int


def memory(n: int, generator: torch.Generator, n_kept: int = 3, pause: int = 2) -> tuple[Tensor, Tensor]:
    """Draw `memory`: symbols 0 to 3 are to be kept, 4 is the pause, 5 asks for an answer."""
    kept = torch.randint(4, (n, n_kept), generator=generator)
    return torch.cat([kept, torch.full((n, pause), 4), torch.full((n, n_kept), 5)], 1), kept


def order(n: int, generator: torch.Generator, n_tokens: int = 40) -> tuple[Tensor, Tensor]:
    """Draw `order`: symbols 0 to 3 say nothing, 4 and 5 are the marks, 6 starts and 7 ends the sequence."""
    symbols = torch.randint(4, (n, n_tokens), generator=generator)
    symbols[:, 0], symbols[:, -1] = 6, 7
    rows, marks = torch.arange(n), torch.randint(2, (n, 2), generator=generator)
    for mark, start in enumerate((n_tokens // 10, n_tokens // 2)):
        places = torch.randint(start, start + n_tokens // 10 + 1, (n,), generator=generator)
        symbols[rows, places] = 4 + marks[:, mark]
    return symbols, 2 * marks[:, :1] + marks[:, 1:]


TASKS = {"memory": Task(memory, 4, 200), "order": Task(order, 4, 500)}


@dataclass(frozen=True)
class Learned:
    """How well a cell learned a task.

    Attributes:
        loss: mean cross-entropy over all steps of training, in nats; as each step has fresh sequences, it says how fast
            the cell learned what it has not seen.
        accuracy: on other sequences at the end.
    """

    loss: float
    accuracy: float


def learn(cell: str | Callable[..., Any], task: Task, lr: float, seed: int) -> Learned:
    """Train a cell at the budget. From a step whose loss is not finite on, it counts as one that knows nothing.

    Args:
        cell: a name of the table, or an equation.
        task: the task.
        lr: of Adam.
        seed: of the weights and the sequences.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    size = hidden_size(cell, N_SYMBOLS, BUDGET)
    layers, output = layers_of(cell, N_SYMBOLS, size, bidirectional=False), nn.Linear(size, task.n_classes)
    weights = [*layers.parameters(), *output.parameters()]
    optimizer = torch.optim.Adam(weights, lr)

    def logits_and_answers(n: int) -> tuple[Tensor, Tensor]:
        symbols, answers = task.draw(n, generator)
        states, _ = layers(one_hot(symbols, N_SYMBOLS).float())  # [B, T, H]
        return output(states[:, -answers.shape[1] :]).flatten(0, 1), answers.flatten()  # [B * K, classes], [B * K]

    nothing = Learned(math.log(task.n_classes), 1 / task.n_classes)
    losses = [nothing.loss] * task.n_steps
    for step in range(task.n_steps):
        optimizer.zero_grad()
        loss = cross_entropy(*logits_and_answers(BATCH_SIZE))
        if not math.isfinite(loss.item()):
            return Learned(sum(losses) / len(losses), nothing.accuracy)
        losses[step] = loss.item()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(weights, 1.0, error_if_nonfinite=False)
        optimizer.step()
    with torch.no_grad():
        z, answers = logits_and_answers(N_HELDOUT)
    return Learned(sum(losses) / len(losses), float((z.argmax(1) == answers).double().mean()))


def best(cell: str | Callable[..., Any], task: Task, seed: int) -> Learned:
    """Train a cell with each learning rate and return the result of the lower loss."""
    return min((learn(cell, task, lr, seed) for lr in RATES), key=lambda learned: learned.loss)
