"""The search for cells: graphs as equations, edits, tasks, the loop, and a small search with its tables."""

import json
import shutil
from pathlib import Path
from random import Random

import pytest
import torch
from torch import Tensor, nn, sigmoid, tanh

from experiments.cells.budget import hidden_size, layers_of
from experiments.search import choose, cost, evolve, imdb, known, run, table, tasks, winners
from experiments.search.graph import Graph, Node, equation_of, equations, key, problem
from experiments.search.mutate import EDITS, mutate
from pipeline.cells import make_cell
from pipeline.cells.stack import Layers
from pipeline.cells.table import CELLS
from pipeline.core.errors import InputError
from tests.conftest import ROOT, Project
from tests.studies import STUDIES

QUICK = tasks.Task(tasks.memory, 4, 3)


def cell_of(graph: Graph) -> Layers:
    torch.manual_seed(0)
    return make_cell(equation_of(graph), 5, 4, batch_first=True).double()


def mutants(n: int) -> list[Graph]:
    rng = Random(1)
    made = [mutate(known.GRAPHS[known.STARTS[i % 2]], rng) for i in range(n)]
    return [graph for graph in made if graph is not None]


@pytest.mark.parametrize(("name", "cell"), [("lstm", "np"), ("gru", "gru_cho")])
def test_a_graph_computes_what_the_cell_of_the_table_does(name: str, cell: str) -> None:
    one, other = cell_of(known.GRAPHS[name]), make_cell(cell, 5, 4, batch_first=True).double()
    other.load_state_dict(one.state_dict())
    x = torch.randn(2, 19, 5, dtype=torch.float64)
    torch.testing.assert_close(one(x)[0], other(x)[0])


def by_hand(graph: Graph, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """The states by a loop over tokens that autograd goes back through."""
    functions = {
        "sigmoid": sigmoid, "tanh": tanh, "relu": torch.relu, "one_minus": lambda a: 1 - a,
        "add": torch.add, "sub": torch.sub, "mul": torch.mul,
    }  # fmt: skip
    states = {state: x.new_zeros(len(x), 4) for state in graph.states}
    outputs = []
    for token in x.unbind(1):
        bare = token @ weights["W_x"].t() if "W_x" in weights else token
        values = {"x": bare, **states}
        for node in graph.nodes:
            if node.op == "linear":
                total = weights[f"b_{node.name}"]
                for operand in node.operands:
                    state = operand if operand in graph.states[1:] else ""
                    matrix = weights[f"{'W' if operand == 'x' else 'R'}_{state}{node.name}"]
                    total = total + (token if operand == "x" else values[operand]) @ matrix.t()
                values[node.name] = total
            else:
                values[node.name] = functions[node.op](*(values[operand] for operand in node.operands))
        states = {state: values[output] for state, output in zip(graph.states, graph.outputs, strict=True)}
        outputs.append(states["h"])
    return torch.stack(outputs, 1)


def test_states_and_gradients_of_mutants_are_those_of_a_plain_loop() -> None:
    """The backward pass of pipeline/cells is right for equations that nobody wrote."""
    for graph in mutants(12):
        cell = cell_of(graph)
        weights = dict(cell[0].directions[0].named_parameters())
        with torch.no_grad():
            for weight in weights.values():
                weight.mul_(0.3)  # so that no cell explodes
        x = torch.randn(2, 18, 5, dtype=torch.float64) * 0.3
        states, others = cell(x)[0], by_hand(graph, weights, x)
        torch.testing.assert_close(states, others)
        found = torch.autograd.grad(states.sin().sum(), list(weights.values()), materialize_grads=True)
        expected = torch.autograd.grad(others.sin().sum(), list(weights.values()), materialize_grads=True)
        for name, one, other in zip(weights, found, expected, strict=True):
            torch.testing.assert_close(one, other, msg=lambda text, name=name: f"{name}: {text}")


def test_mutants_are_valid_differ_and_come_back_from_json() -> None:
    made = mutants(30)
    assert len({key(graph) for graph in made}) > 20
    for graph in made:
        assert problem(graph) is None
        assert graph == graph.pruned()
        assert Graph.from_json(json.loads(json.dumps(graph.to_json()))) == graph
        assert len(equations(graph)) >= len(graph.states)
    assert made == mutants(30)


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_can_make_a_valid_cell(edit: object) -> None:
    rng, start = Random(1), known.GRAPHS["gru"]
    made = [edit(start, rng.randrange(len(start.nodes)), rng) for _ in range(60)]  # type: ignore[operator]
    valid = [graph.pruned() for graph in made if graph is not None and graph.pruned().nodes]
    assert any(graph != start and problem(graph) is None for graph in valid)


@pytest.mark.parametrize(
    ("nodes", "outputs", "said"),
    [
        ([("a", "linear", "x h")], "h", "unchanged"),
        ([("a", "linear", "x")], "a", "does not read"),
        ([("a", "add", "x h")], "a", "no matrix"),
        ([("a", "linear", "x h h")], "a", "twice"),
        ([("b", "tanh", "h"), ("c", "relu", "h"), ("a", "linear", "x b c")], "a", "two computed"),
    ],
)
def test_what_is_no_cell_is_refused(nodes: list[tuple[str, str, str]], outputs: str, said: str) -> None:
    graph = Graph(("h",), tuple(Node(name, op, tuple(text.split())) for name, op, text in nodes), (outputs,))
    assert said in str(problem(graph))


def test_the_equations_are_those_of_the_documentation() -> None:
    assert equations(known.GRAPHS["lstm"]) == [
        "c = s(W_i x + R_i h- + b_i) * tanh(W_z x + R_z h- + b_z) + s(W_f x + R_f h- + b_f) * c-",
        "h = s(W_o x + R_o h- + b_o) * tanh(c)",
    ]
    assert equations(known.GRAPHS["gru"]) == [
        "n2 = s(W_z x + R_z h- + b_z)",
        "h = (1 - n2) * tanh(W_n x + R_n (s(W_r x + R_r h- + b_r) * h-) + b_n) + n2 * h-",
    ]
    nodes = (Node("a", "linear", ("x", "c")), Node("b", "add", ("h", "a")), Node("d", "sub", ("x", "b")))
    assert equations(Graph(("h", "c"), nodes, ("d", "d"))) == ["h = x - (h- + W_a x + R_ca c- + b_a)", "c = h"]


def test_the_key_does_not_depend_on_names() -> None:
    graph = known.GRAPHS["gru"]
    renamed = json.loads(json.dumps(graph.to_json()).replace('"n1"', '"q"'))
    assert key(Graph.from_json(renamed)) == key(graph) != key(known.GRAPHS["lstm"])


def test_the_tasks_have_their_answers_in_their_symbols() -> None:
    generator = torch.Generator().manual_seed(1)
    symbols, answers = tasks.memory(50, generator)
    assert (symbols[:, :3] == answers).all()
    assert (symbols[:, 3:] >= 4).all()
    symbols, answers = tasks.order(200, generator)
    marks = [row[(row == 4) | (row == 5)] - 4 for row in symbols]
    assert all(len(row) == 2 for row in marks)
    assert [int(2 * first + second) for first, second in marks] == answers.flatten().tolist()
    assert set(answers.flatten().tolist()) == {0, 1, 2, 3}
    assert int(symbols.max()) < tasks.N_SYMBOLS


def test_the_budget_of_the_tasks_is_that_of_an_lstm() -> None:
    assert layers_of("lstm", tasks.N_SYMBOLS, 24, bidirectional=False).n_parameters() == tasks.BUDGET
    assert hidden_size("lstm", tasks.N_SYMBOLS, tasks.BUDGET) == 24


def test_a_cell_learns_and_one_that_diverges_knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = tasks.learn("rnn", tasks.Task(tasks.memory, 4, 60), 0.03, 1)
    assert learned.accuracy > 0.5
    assert learned == tasks.learn("rnn", tasks.Task(tasks.memory, 4, 60), 0.03, 1)
    monkeypatch.setattr(tasks, "cross_entropy", lambda *_: torch.tensor(float("nan")))
    nothing = tasks.learn("rnn", QUICK, 0.03, 1)
    assert nothing.loss == pytest.approx(1.386, abs=1e-3)
    assert nothing.accuracy == 0.25


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks of three steps that reject about none."""
    monkeypatch.setattr(evolve, "TASKS", {"memory": QUICK, "order": QUICK})
    monkeypatch.setattr(evolve, "LEAST_ACCURACY", 0.15)


@pytest.mark.usefixtures("quick")
def test_an_interrupted_search_goes_on_with_the_same_candidates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evolve.evolve(1, 4, tmp_path / "whole")
    judge, judged = evolve.judge, []

    def judge_two(graph: Graph, number: int, parent: int, seed: int) -> evolve.Candidate:
        if number > 2:
            raise KeyboardInterrupt
        return judge(graph, number, parent, seed)

    def judge_more(graph: Graph, number: int, parent: int, seed: int) -> evolve.Candidate:
        judged.append(number)
        return judge(graph, number, parent, seed)

    monkeypatch.setattr(evolve, "judge", judge_two)
    with pytest.raises(KeyboardInterrupt):
        evolve.evolve(1, 4, tmp_path)
    assert [path.name for path in tmp_path.glob("*.json")] == ["search-1.json"]
    monkeypatch.setattr(evolve, "judge", judge_more)
    resumed = evolve.evolve(1, 4, tmp_path)
    assert judged == [3, 4]
    assert not list(tmp_path.glob("*.json"))
    del whole["processor_seconds"], resumed["processor_seconds"]
    assert resumed == whole


@pytest.mark.usefixtures("quick")
def test_the_best_candidates_win_once_each_and_train_as_cells(tmp_path: Path) -> None:
    found = evolve.evolve(2, 6, tmp_path)
    losses = [one["loss"] for one in found["best"]]
    assert losses == sorted(losses)
    different = choose.candidates([found, found])
    assert different == choose.candidates([found])
    tried = [{**one, "reviews_log_loss": float(i)} for i, one in enumerate(different)]
    chosen = choose.choose(reversed(tried))
    assert list(chosen.values()) == tried[: choose.N_WINNERS]
    assert len({tuple(one["equations"]) for one in chosen.values()}) == len(chosen)
    path = tmp_path / "winners.json"
    path.write_text(json.dumps(chosen))
    layer = make_cell(winners.load("winner_1", path), 6, 4, batch_first=True)
    x, lengths = torch.randn(3, 7, 6), torch.tensor([7, 2, 5])
    optimizer = torch.optim.Adam(layer.parameters(), 0.01)
    before = [weight.detach().clone() for weight in layer.parameters()]
    nn.functional.mse_loss(layer(x, lengths)[1], torch.ones(1, 3, 4)).backward()
    optimizer.step()
    assert any((one != other).any() for one, other in zip(before, layer.parameters(), strict=True))
    with pytest.raises(InputError, match="winner_9"):
        winners.load("winner_9", path)
    assert "winner_1:" in table.winners_text(chosen)


def test_the_matrix_compares_the_winners_with_known_cells() -> None:
    stages = STUDIES["search"]
    names = [f"winner_{rank}" for rank in range(1, choose.N_WINNERS + 1)]
    assert stages["compare"]["matrix"]["cell"] == [*known.COMPARED, *names]
    assert len(stages["compare"]["matrix"]["seed"]) == cost.N_SEEDS
    seeds = stages["evolve"]["matrix"]["seed"]
    assert len(seeds) == cost.N_SEARCHES
    assert {f"experiments/search/runs/evolve-{seed}.json" for seed in seeds} <= set(stages["winners"]["deps"])
    assert max(seeds) < run.OTHER_SEEDS
    assert set(known.COMPARED) <= set(CELLS)


def test_the_cost_of_a_task_is_measured() -> None:
    assert cost.seconds_of(QUICK, n_steps=1) >= 0


@pytest.mark.usefixtures("quick")
def test_a_small_search_is_compared_and_makes_the_page(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "experiments/search"
    shutil.copytree(ROOT / "experiments/search", folder)
    shutil.rmtree(folder / "runs", ignore_errors=True)
    shutil.copy(project.folder / "params.yaml", tmp_path)
    for name in ("data", "artifacts"):
        (tmp_path / name).symlink_to(project.folder / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "TASKS", evolve.TASKS)
    monkeypatch.setattr(run, "evolve", lambda seed: evolve.evolve(seed, 4))
    monkeypatch.setattr(imdb, "RATES", (0.01,))
    for arguments in (["evolve", "1"], ["evolve", "2"]):
        run.record("search", run.measure, *arguments)
    choose.main()
    for arguments in (["lstm", "1"], ["lstm", "2"], ["winner_1", "1"], ["winner_1", "2"]):
        run.record("search", run.measure, "compare", *arguments)
    table.main()
    page = (folder / "README.md").read_text("utf-8")
    assert "not run yet" not in page
    assert "| `winner_1`" in page
    assert "winner_1:\n" in page
    assert "6 runs" in page
