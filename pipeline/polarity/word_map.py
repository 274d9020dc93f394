"""A two-dimensional map of word vectors."""

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from pipeline.core.embeddings import unit_vectors


def word_map(vectors: NDArray[np.float32], perplexity: float, seed: int) -> NDArray[np.float32]:
    """Embed words, float32 [n, D], in the plane, float32 [n, 2]; only short distances are meaningful.

    Source: van der Maaten and Hinton, Visualizing Data using t-SNE, 2008; on unit vectors, initialized with the
    principal components so that the same vectors give the same map.
    """
    units = unit_vectors(vectors)
    perplexity = min(perplexity, (len(vectors) - 1) / 3)
    layout: NDArray[np.float32] = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(units)
    layout -= layout.mean(0)
    return layout
