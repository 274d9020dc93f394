"""The documents: links resolve, commands parse, Python runs, the README stays short, the words are plain."""

import contextlib
import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from dvc.cli import DvcParserError
from dvc.cli.parser import get_main_parser
from ruamel.yaml import YAML

from pipeline.__main__ import main as cli
from pipeline.core.params import flatten
from tests.conftest import ROOT, Project

DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/*.md", "experiments/*/README.md", "corpus/README.md", "external/README.md")
    for path in ROOT.glob(pattern)
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CHECKED = ("make", "dvc", "python")
PARAMS = dict(flatten(YAML(typ="safe").load(ROOT / "params.yaml")))
TARGETS = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)

# Phrases of an earlier style; docs/design.md: write what you would say to a colleague.
AVOIDED = (
    r"\bstands? (in|at|on|beside|alone|there|here|for itself)\b",
    r"\btells\b(?! you| apart)",
    r"\bholds\b",
    r"\ba (review|row|word|file|line|model|test) a (line|row|word|file|model|test)\b",
    r"\bin place of\b",
    r"\bone's own\b",
    r"\bhad again\b",
    r"\bat hand\b",
    r"\bnot to be told\b|\bbe told (from|apart)\b",
    r"\bcries wolf\b",
    r"\buphill\b",
    r"\bstrays\b",
    r"/opinion\b",
    r"\brunning[ _]probabilit",
    r"\bleave[-_ ]one[-_ ]out\b",
    r"\bdrop_in_test\b",
    r"\bfits_of\b",
)
AVOIDED_IN_CODE = (r"^\s*found\b( =|:| \+=)", r"\bclass \w*(Sides?|Strays|Flips)\b")


def text_of(document: Path) -> str:
    return (ROOT / document).read_text("utf-8")


def prose(text: str) -> str:
    """Return a document without its blocks of code."""
    return FENCE.sub("", text)


def blocks(document: Path, *languages: str) -> list[str]:
    return [code for language, code in FENCE.findall(text_of(document)) if language in languages]


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(text_of(document)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def simple_commands(line: str) -> Iterator[list[str]]:
    """Yield the commands of a line of shell that can be checked, those inside $(...) too."""
    for inner in re.findall(r"\$\(([^)]*)\)", line):
        yield from simple_commands(inner)
    words = shlex.shlex(re.sub(r"\$\([^)]*\)", "", line), posix=True, punctuation_chars=";|&")
    words.whitespace_split = True
    for operator, group in itertools.groupby(words, lambda word: set(word) <= set(";|&")):
        command = list(itertools.dropwhile(lambda word: re.fullmatch(r"[A-Z_]+=.*", word), group))
        if not operator and command and command[0] in CHECKED:
            yield command


def commands(document: Path) -> list[list[str]]:
    """Return the commands of a document, in blocks of shell and in the text."""
    text = text_of(document)
    shell = "".join(blocks(document, "sh")).replace("\\\n", " ")
    inline = [code for code in INLINE.findall(prose(text)) if re.match(r"(make|dvc|python -m pipeline) \S", code)]
    return [words for line in [*shell.splitlines(), *inline] for words in simple_commands(line)]


def check_pipeline(words: list[str]) -> None:
    """Parse the words after `python -m pipeline` as the command line does, without running the command."""
    name, *arguments = words
    command = cli.commands.get(name)
    assert command is not None, f"there is no command {name}"
    if not arguments:  # the name of a command in the text
        return
    context = click.Context(cli)
    parsed = command.make_context(name, list(arguments), parent=context)
    if name == "preset" and parsed.params["name"] != "NAME":
        assert (ROOT / "presets" / f"{parsed.params['name']}.yaml").is_file()


def check_dvc(words: list[str]) -> None:
    """Parse the words after `dvc` as DVC does; a parameter that is set exists."""
    if words[:1] and len(words) <= 2 and not any(word.startswith("-") for word in words):
        words = [*words, "--help"]  # the name of a command in the text: it may lack its arguments
    with contextlib.suppress(SystemExit):  # of --help; a mistake raises DVC's own error
        get_main_parser().parse_args(words)
    for before, setting in itertools.pairwise(words):
        if before in ("-S", "--set-param"):
            assert setting.partition("=")[0] in PARAMS, setting


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_local_link_resolves(document: Path) -> None:
    for target in LINK.findall(prose(text_of(document))):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = ((ROOT / document).parent / name).resolve() if name else ROOT / document
        assert path.exists(), target
        assert path.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(path.relative_to(ROOT)), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_command_parses(document: Path) -> None:
    for words in commands(document):
        if words[0] == "make":
            named = [word for word in words[1:] if "=" not in word]
            assert set(named) <= set(TARGETS), shlex.join(words)
        elif words[0] == "dvc":
            check_dvc(words[1:])
        elif words[:3] == ["python", "-m", "pipeline"] and len(words) > 3:
            check_pipeline(words[3:])


def test_the_checks_see_a_wrong_command() -> None:
    for line in ("dvc exp run -S nosuch.key=1", "dvc exp run --nosuch", "dvc nosuch"):
        with pytest.raises((AssertionError, DvcParserError)):
            check_dvc(shlex.split(line)[1:])
    with pytest.raises(click.UsageError):
        check_pipeline(["compare", "--nosuch"])
    assert list(simple_commands("A=b dvc exp run $(python -m pipeline preset fast) && make demo # x")) == [
        ["python", "-m", "pipeline", "preset", "fast"],
        ["dvc", "exp", "run"],
        ["make", "demo"],
    ]


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if blocks(path, "python")], ids=str)
def test_every_block_of_python_runs(document: Path, project: Project) -> None:
    if "vectors.w2v.bin" in text_of(document) and not (project.folder / "vectors.w2v.bin").exists():
        project.run("pipeline", "export", "--format", "word2vec")
    for code in blocks(document, "python"):
        if "dvc.api" in code:
            continue  # a recipe between two repositories: tests/remotes
        if "import pandas" in code:
            pytest.importorskip("pandas")
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=project.folder,
            env={**project.environment, "PYTHONPATH": str(project.folder)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, code + done.stderr


def test_the_readme_is_three_screens() -> None:
    lines = text_of(Path("README.md")).splitlines()
    assert len(lines) <= 170
    assert max(map(len, lines)) <= 120


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git repository")
    paths = [Path(name) for name in done.stdout.splitlines()]
    data = (Path(__file__).name, "synthetic.py")  # the list above, and a grammar whose words are data
    return [path for path in paths if (ROOT / path).exists() and path.name not in data]


def occurrences(paths: list[Path], patterns: tuple[str, ...]) -> list[str]:
    hits = []
    for path in paths:
        for number, line in enumerate(text_of(path).splitlines(), 1):
            hits += [f"{path}:{number}: {line.strip()}" for pattern in patterns if re.search(pattern, line)]
    return hits


def test_the_words_are_plain() -> None:
    paths = tracked("*.md", "*.py", "*.j2", "*.yaml", "Makefile")
    hits = occurrences(paths, AVOIDED)
    assert not hits, "\n".join(hits)


def test_names_say_what_they_are() -> None:
    hits = occurrences(tracked("pipeline/*.py", "stages/*.py", "experiments/*.py"), AVOIDED_IN_CODE)
    assert not hits, "\n".join(hits)
