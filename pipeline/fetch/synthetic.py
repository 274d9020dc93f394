"""The embedded corpus: made-up reviews whose word order decides, from a small grammar of opinions.

Every review states one opinion several times. A statement says it plainly, denies its opposite ("nobody here
described the plot as rather dull"), concedes the opposite ("although the cast was dull, the plot was witty"), or turns
from the opposite ("we expected something dull and got something witty"); what other people say, which may be either,
does not count. So a bag of words sees both opinions in most reviews, while the structure of the statements always gives
the label. Train and test share their words but no sentence frame.
"""

import random
import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import product
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.fetch.reviews import BATCH, COLUMNS, SPLITS, batches_of

N_TRAIN, N_UNSUP, N_TEST = 4000, 2000, 1000
REVIEWS_A_MOVIE = 10
TEST_FRAMES_FRAC = 0.2

Frames = dict[str, list[str]]  # by kind of statement

# By polarity, 0 negative and 1 positive.
ADJECTIVES = (
    "dull clumsy tedious lifeless shallow wooden stale muddled bland hollow dreary sloppy forced lazy grating flat "
    "predictable tiresome charmless incoherent",
    "gripping graceful witty vivid profound charming fresh clever tender radiant inspired elegant honest lively "
    "moving sharp surprising delightful warm masterful",
)
ADVERBS = "rather quite really truly very so"
PARTS = "script plot acting music photography direction dialogue ending pacing cast story humour editing opening"
PEOPLE = "brother neighbour sister colleague uncle flatmate cousin teacher"
PLACES = "harbour village desert hospital school theatre railway station island prison"
HEROES = "widow sailor painter nurse detective farmer pianist soldier clerk boxer"

# {a} is the opinion that counts, {b} its opposite, {c} either: an adverb and two adjectives. [x|y] is a choice; each
# combination is a frame. Plain statements and denials, and the two orders of a concession, differ only in the few words
# that decide, which are more than two tokens from the adjectives: neither single words nor pairs reveal the label.
SEEN = "[described|remembered|regarded|spoke of]"
ASIDE = "[whatever you have heard|as far as i can tell|for every single minute|in spite of the trailer|at least to me]"
OPINIONS = {
    "plain": (
        f"[everybody here|each of us|every critic|all of my friends] {SEEN} the {{part}} as {{a}} .",
        f"the {{part}} [was|is|was always|is indeed] , {ASIDE} , {{a}} .",
        f"it is [true|clear|a fact] that the {{part}} , {ASIDE} , seems {{a}} .",
    ),
    "denied": (
        f"[nobody here|not one of us|no critic|none of my friends] {SEEN} the {{part}} as {{b}} .",
        f"the {{part}} [was not|is not|was never|is hardly] , {ASIDE} , {{b}} .",
        f"it is [false|a lie|not true] that the {{part}} , {ASIDE} , seems {{b}} .",
    ),
    "conceded": (
        "[although|even though|though] the {part} [was|is|seemed] {b} , the {part} [was|is|seemed] {a} .",
        "the {part} [was|is|seemed] {a} , [although|even though|though] the {part} [was|is|seemed] {b} .",
    ),
    "turned": (
        "[we expected|i feared|i had hoped for] something {b} [but got|and was given|yet found] something {a} .",
        "[we got|i was given|i found] something {a} [after expecting|instead of] something {b} .",
    ),
}
ASIDES = {
    "others": (f"[my {{person}}|a neighbour|someone behind us|the man next to me] {SEEN} the {{part}} as {{c}} .",),
    "neutral": (
        "[it tells of|we follow|it begins with] a {hero} who [comes to|lives in|leaves] a {place} .",
        "we saw it [on a tuesday|last week|twice] at the {place} [cinema|festival] .",
        "the {hero} [has a secret|writes letters|lost a friend] , and the {place} [keeps it|knows] .",
        "it runs for two hours &amp; was shot [near|in] a {place} .",
    ),
}
# Relative frequencies. Plain statements are more frequent than denials, so that single words are a weak signal.
WEIGHTS = {"plain": 6, "denied": 3, "conceded": 2, "turned": 2}
N_STATEMENTS = (4, 6)
N_ASIDES = (2, 4)


def sample_batches(
    *, n_train: int = N_TRAIN, n_unsup: int = N_UNSUP, n_test: int = N_TEST, seed: int = 0
) -> Iterator[pa.RecordBatch]:
    """Generate the reviews as batches with the columns of BATCH; the same seed gives the same ones.

    Half of train and test are positive, all texts are distinct, and no movie is in two splits. The digests of the texts
    are kept, some 100 bytes per review.
    """
    rng = random.Random(seed)
    frames = _split_frames(rng)
    seen: set[bytes] = set()
    for split, n_reviews in (("train", n_train), ("unsup", n_unsup), ("test", n_test)):
        yield from batches_of(_rows(split, n_reviews, frames[split == "test"], rng, seen))


def sample_tables(**options: int) -> dict[str, pa.Table]:
    """Return the reviews of `sample_batches` as tables `train`, `unsup` and `test`."""
    whole = pa.Table.from_batches(sample_batches(**options), BATCH)
    return {split: whole.filter(pc.equal(whole["split"], split)).select(COLUMNS.names) for split in SPLITS}


def _split_frames(rng: random.Random) -> tuple[Frames, Frames]:
    """Generate all frames of each kind, and split them into those of train and those of test."""
    train: Frames = {}
    test: Frames = {}
    for kind, patterns in {**OPINIONS, **ASIDES}.items():
        frames = []
        for pattern in patterns:
            # Every second part is a choice.
            parts = [part.split("|") if i % 2 else [part] for i, part in enumerate(re.split(r"[\[\]]", pattern))]
            frames += ["".join(chosen) for chosen in product(*parts)]
        rng.shuffle(frames)
        n_test = max(1, round(TEST_FRAMES_FRAC * len(frames)))
        test[kind], train[kind] = frames[:n_test], frames[n_test:]
    return train, test


def _rows(split: str, n_reviews: int, frames: Frames, rng: random.Random, seen: set[bytes]) -> Iterator[dict[str, Any]]:
    for i in range(n_reviews):
        label = i % 2
        text = _review(frames, label, rng)
        while (digest := blake2b(text.encode(), digest_size=8).digest()) in seen:
            text = _review(frames, label, rng)
        seen.add(digest)
        labelled = split != "unsup"
        yield {
            "id": f"{split}/{i:05d}",
            "label": label if labelled else None,
            "rating": rng.choice((7, 8, 9, 10) if label else (1, 2, 3, 4)) if labelled else None,
            "movie": f"{split}-{i // REVIEWS_A_MOVIE:03d}",
            "text": text,
            "split": split,
        }


def _review(frames: Frames, label: int, rng: random.Random) -> str:
    """Combine statements of one opinion and asides, in random order."""
    kinds = rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=rng.randint(*N_STATEMENTS))
    kinds += rng.choices(list(ASIDES), k=rng.randint(*N_ASIDES))
    rng.shuffle(kinds)
    sentences = [_fill(rng.choice(frames[kind]), label, rng) for kind in kinds]
    if rng.random() < 0.1:
        sentences.append(":)" if label else ":(")
    place = rng.randrange(len(sentences))
    return " ".join(sentences[:place]) + "<br /><br />" * (place > 0) + " ".join(sentences[place:])


def _fill(frame: str, label: int, rng: random.Random) -> str:
    def opinion(polarity: int) -> str:
        return f"{rng.choice(ADVERBS.split())} {' and '.join(rng.sample(ADJECTIVES[polarity].split(), 2))}"

    slots = {
        "{a}": lambda: opinion(label),
        "{b}": lambda: opinion(1 - label),
        "{c}": lambda: opinion(rng.randrange(2)),
        "{part}": lambda: rng.choice(PARTS.split()),
        "{person}": lambda: rng.choice(PEOPLE.split()),
        "{hero}": lambda: rng.choice(HEROES.split()),
        "{place}": lambda: rng.choice(PLACES.split()),
    }
    return re.sub(r"{\w+}", lambda slot: slots[slot[0]](), frame)
