"""Sentence boundaries by Punkt, trained on the corpus, and the words of each sentence."""

from collections.abc import Iterable, Mapping
from typing import Any

from nltk.tokenize import NLTKWordTokenizer
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer, PunktTrainer


class TreebankWords:
    """NLTKWordTokenizer, sentence by sentence: it splits a period off at the end of its input only.

    Args:
        punkt: the sentence model, as `train_punkt` returns it.
    """

    def __init__(self, punkt: Mapping[str, Any]) -> None:
        parameters = PunktParameters()
        parameters.abbrev_types = set(punkt["abbreviations"])
        parameters.collocations = {(first, second) for first, second in punkt["collocations"]}
        parameters.sent_starters = set(punkt["sentence_starters"])
        parameters.ortho_context.update(punkt["orthography"])
        self._sentences = PunktSentenceTokenizer(parameters)
        self._words = NLTKWordTokenizer()

    def __call__(self, text: str) -> list[str]:
        """Split one text."""
        return [token for sentence in self._sentences.tokenize(text) for token in self._words.tokenize(sentence)]


def train_punkt(texts: Iterable[str]) -> dict[str, Any]:
    """Learn abbreviations, collocations and sentence starters from cleaned texts.

    Returns: the model's four tables, sorted, ready for JSON.
    Source: Kiss and Strunk, Unsupervised Multilingual Sentence Boundary Detection, 2006, as NLTK implements it.
    """
    trainer = PunktTrainer()
    for text in texts:
        trainer.train(text, finalize=False)
    trainer.finalize_training()
    parameters = trainer.get_params()
    return {
        "abbreviations": sorted(parameters.abbrev_types),
        "collocations": sorted(map(list, parameters.collocations)),
        "sentence_starters": sorted(parameters.sent_starters),
        "orthography": dict(sorted(parameters.ortho_context.items())),
    }
