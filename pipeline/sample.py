"""The embedded corpus: made-up reviews whose word order decides, from a small grammar of opinions.

Every review states one opinion several times. A statement may say it plainly, deny its opposite ("I never once found
it dull"), concede the opposite ("for all its charm it was dull"), or turn from the opposite ("I expected a bore and got
a delight"); other people's opinions, which may be either, do not count. So a bag of words sees both sides in most
reviews, while the structure of the statements always tells. Train and test share words, but no sentence frame.
"""

import random
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

N_TRAIN, N_UNSUP, N_TEST = 4000, 2000, 1000
REVIEWS_A_MOVIE = 10

# By polarity, 0 negative and 1 positive.
ADJECTIVES = (
    "dull clumsy tedious lifeless shallow wooden stale muddled bland hollow dreary sloppy forced lazy grating flat "
    "predictable tiresome charmless incoherent",
    "gripping graceful witty vivid profound charming fresh clever tender radiant inspired elegant honest lively "
    "moving sharp surprising delightful warm masterful",
)
NOUNS = (
    "boredom clutter noise cliches vanity gloom padding clumsiness",
    "charm wit grace warmth tenderness suspense honesty elegance",
)
PARTS = "script plot acting music photography direction dialogue ending pacing cast story humour editing opening"
PEOPLE = "brother neighbour sister colleague uncle flatmate cousin teacher"
PLACES = "harbour village desert hospital school theatre railway station island prison"
HEROES = "widow sailor painter nurse detective farmer pianist soldier clerk boxer"

# {a} the opinion that counts, {b} its opposite, each "adjective and adjective"; {n} and {m} likewise as nouns.
FRAMES = {
    "train": {
        "plain": [
            "the {part} was {a} from the first scene on .",
            "i found the {part} {a} .",
            "what stays with me is how {a} the {part} was .",
            "there is so much {n} in the {part} .",
        ],
        "denied": [
            "i never once found the {part} {b} .",
            "nobody in the room could call the {part} {b} .",
            "it was not , whatever you have heard , a {b} film .",
            "the {part} hardly ever gets {b} .",
            "there was no trace of {m} in the {part} .",
        ],
        "conceded": [
            "for all its {m} , the film was {a} .",
            "although the {part} was {b} , the whole turned out {a} .",
            "despite the {m} of its {part} it remains {a} .",
            "the film was {a} even though the {part} was {b} .",
        ],
        "turned": [
            "i expected the {part} to be {b} but it was {a} .",
            "it looked {b} at first , then became {a} .",
        ],
        "others": [
            "my {person} called it {c} .",
            "according to my {person} the {part} is {c} .",
        ],
        "neutral": [
            "it tells of a {hero} who comes to a {place} .",
            "we saw it on a tuesday at the {place} cinema .",
            "the {hero} has a secret , and the {place} keeps it .",
            "it runs for two hours &amp; was shot near a {place} .",
        ],
    },
    "test": {
        "plain": [
            "all in all the {part} seemed {a} to me .",
            "such {a} {part} , right up to the credits !",
            "the {part} is full of {n} .",
        ],
        "denied": [
            "never did the {part} strike me as {b} .",
            "nobody will leave thinking that the {part} is {b} .",
            "the {part} was not , by any measure , {b} .",
            "you will hardly find the {part} {b} .",
            "i saw no sign of {m} here .",
        ],
        "conceded": [
            "although there is {m} in the {part} , one comes out of a {a} film .",
            "for all the {b} {part} , what remains is {a} .",
            "it is {a} , even though one half of the {part} is {b} .",
            "despite its {b} {part} , i call this {a} .",
        ],
        "turned": [
            "we expected something {b} but got something {a} .",
            "the {part} looked {b} for a while , then it became really {a} .",
        ],
        "others": [
            "the {part} , says my {person} , is {c} .",
            "my {person} thought all of it {c} .",
        ],
        "neutral": [
            "a {hero} and a {hero} meet in a {place} .",
            "the cinema was half full that tuesday .",
            "most of it plays in the {place} , where a {hero} works .",
        ],
    },
}
# How often each kind of statement comes; plain ones and denials nearly balance, so that single words tell little.
WEIGHTS = {"plain": 3, "denied": 3, "conceded": 3, "turned": 1}
N_STATEMENTS = (4, 6)
N_ASIDES = (2, 4)


def sample_tables(
    *, n_train: int = N_TRAIN, n_unsup: int = N_UNSUP, n_test: int = N_TEST, seed: int = 0
) -> dict[str, pa.Table]:
    """Make the reviews: the same each time for the same seed.

    Returns: tables `train`, `unsup` and `test` of `id, label, rating, movie, text`, half of train and test positive,
        all texts distinct, no movie in two of them.
    """
    rng = random.Random(seed)
    seen: set[str] = set()
    tables = {}
    for split, n_reviews in (("train", n_train), ("unsup", n_unsup), ("test", n_test)):
        rows = list(_rows(split, n_reviews, rng, seen))
        schema = {"id": pa.string(), "label": pa.int8(), "rating": pa.int8(), "movie": pa.string(), "text": pa.string()}
        tables[split] = pa.Table.from_pylist(rows, pa.schema(schema))
    return tables


def _rows(split: str, n_reviews: int, rng: random.Random, seen: set[str]) -> Iterator[dict[str, Any]]:
    for i in range(n_reviews):
        label = i % 2
        text = _review(FRAMES["test" if split == "test" else "train"], label, rng)
        while text in seen:
            text = _review(FRAMES["test" if split == "test" else "train"], label, rng)
        seen.add(text)
        told = split != "unsup"
        yield {
            "id": f"{split}/{i:05d}",
            "label": label if told else None,
            "rating": rng.choice((7, 8, 9, 10) if label else (1, 2, 3, 4)) if told else None,
            "movie": f"{split}-{i // REVIEWS_A_MOVIE:03d}",
            "text": text,
        }


def _review(frames: dict[str, list[str]], label: int, rng: random.Random) -> str:
    """Put together statements of one opinion and asides, in any order."""
    kinds = rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=rng.randint(*N_STATEMENTS))
    kinds += rng.choices(["others", "neutral"], k=rng.randint(*N_ASIDES))
    rng.shuffle(kinds)
    sentences = [_fill(rng.choice(frames[kind]), label, rng) for kind in kinds]
    if rng.random() < 0.1:
        sentences.append(":)" if label else ":(")
    place = rng.randrange(len(sentences))
    return " ".join(sentences[:place]) + "<br /><br />" * (place > 0) + " ".join(sentences[place:])


def _fill(frame: str, label: int, rng: random.Random) -> str:
    def pair(words: tuple[str, str], polarity: int) -> str:
        return " and ".join(rng.sample(words[polarity].split(), 2))

    return frame.format(
        a=pair(ADJECTIVES, label),
        b=pair(ADJECTIVES, 1 - label),
        c=pair(ADJECTIVES, rng.randrange(2)),
        n=pair(NOUNS, label),
        m=pair(NOUNS, 1 - label),
        part=rng.choice(PARTS.split()),
        person=rng.choice(PEOPLE.split()),
        hero=rng.choice(HEROES.split()),
        place=rng.choice(PLACES.split()),
    )
