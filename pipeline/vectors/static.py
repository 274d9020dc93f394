"""Static models for sentence-transformers and model2vec: word vectors and a tokenizer in the JSON of `tokenizers`."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from nltk.tokenize import TweetTokenizer
from safetensors.numpy import save_file

from pipeline.core.embeddings import Embeddings
from pipeline.core.errors import InputError
from pipeline.core.files import write_json
from pipeline.tokenize.tokenizer import BREAK, Tokenizer

MARK = "\u2581"  # precedes every token, as in SentencePiece's vocabularies
# `WORD` of pipeline/tokenize/tokenizer.py. There \w is a letter, a number or _; for Oniguruma, the regex engine of
# `tokenizers`, it is also a combining mark.
WORD = r"[\p{L}\p{N}_]++(?:'[\p{L}\p{N}_]++)?+|[^\p{L}\p{N}_\s\x1c-\x1f]"
VERBOSE = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|\s+|#.*")  # what to keep of a verbose regex, or what to leave out


def save_sentence_transformers(embeddings: Embeddings, path: Path) -> None:
    """Write a folder that SentenceTransformer opens.

    Source: sentence_transformers.models.StaticEmbedding, whose mean leaves nothing out.
    """
    _save(embeddings, path, "embedding.weight")
    config = {"model_type": "SentenceTransformer", "similarity_fn_name": "cosine"}
    write_json(path / "config_sentence_transformers.json", config)


def save_model2vec(embeddings: Embeddings, path: Path) -> None:
    """Write a folder that model2vec's StaticModel.from_pretrained opens.

    Source: model2vec.persistence.save_pretrained. Without `max_length` a text would end after 512 tokens.
    """
    _save(embeddings, path, "embeddings")
    write_json(path / "config.json", {"normalize": False, "max_length": None, "embedding_dtype": "float32"})


def _save(embeddings: Embeddings, path: Path, name: str) -> None:
    """Write what both formats share; `name` is that of the vectors in model.safetensors."""
    tokenizer = tokenizer_json(embeddings)
    path.mkdir()
    save_file({name: np.ascontiguousarray(embeddings.vectors)}, path / "model.safetensors")
    write_json(path / "tokenizer.json", tokenizer)
    module = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}
    write_json(path / "modules.json", [module])


def tokenizer_json(embeddings: Embeddings) -> dict[str, Any]:
    """Describe the tokenizer of the vectors for the library `tokenizers`; the id of a word is its row.

    Texts are split by the same regular expression. These differ: HTML entities stay as they are, and emoticons are
    lower-cased with all else. Unknown words leave no token: the model is a BPE without merges, which takes a whole
    token that it knows and drops each character of another, as no character alone is in a vocabulary of marked words.
    A WordLevel model would need an unknown token, and sentence-transformers would average its vector, too.

    Raises:
        InputError: the tokenizer is unknown, or `treebank`, which splits sentences first.
    """
    config = Tokenizer.from_config(embeddings.tokenizer).config
    normalizers: list[dict[str, Any]] = [_replace(f"(?i:{BREAK.pattern})", " ")]
    if config["name"] == "tweet":
        normalizers.append(_replace(r"(.)(?=\1{3})", ""))  # of a longer run of one character, three stay
        pattern = f"(?i:{_plain(TweetTokenizer().PHONE_WORD_RE.pattern)})"
    elif config["name"] == "regex":
        pattern = WORD
    else:
        raise InputError(
            f"the tokenizer {config['name']!r} splits sentences first, which tokenizer.json cannot describe;"
            " export another format, such as word2vec, or use `tokenize.tokenizer: tweet`"
        )
    if config["lowercase"]:
        normalizers.append({"type": "Lowercase"})
    splits = [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True},
        {"type": "WhitespaceSplit"},  # ". . ." is one match and three tokens
        {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "always", "split": False},
    ]
    vocabulary = _vocabulary(embeddings.words, lowercase=config["lowercase"])
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": normalizers},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": splits},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "BPE", "unk_token": None, "ignore_merges": True, "merges": [], "vocab": vocabulary},
    }


def _replace(pattern: str, content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def _plain(verbose: str) -> str:
    r"""Return a verbose regex without comments and white space, and with the character itself for each \u and \U."""
    kept = VERBOSE.sub(lambda match: match[1] or "", verbose)
    return re.sub(r"\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})", lambda match: chr(int(match[1] or match[2], 16)), kept)


def _vocabulary(words: Sequence[str], *, lowercase: bool) -> dict[str, int]:
    """Return the row of each marked word. One with capitals, ":D", is lower-cased unless ":d" is a word, too."""
    rows = {word: row for row, word in enumerate(words)}
    if lowercase:
        for row, word in enumerate(words):
            if word.lower() not in rows:
                del rows[word]
                rows[word.lower()] = row
    return {MARK + word: row for word, row in sorted(rows.items(), key=lambda item: item[1])}
