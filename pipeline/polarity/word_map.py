"""Word vectors in two dimensions, for the eye."""

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE


def word_map(vectors: NDArray[np.float32], perplexity: float, seed: int) -> NDArray[np.float32]:
    """Lay out words [n, D] in the plane, float32 [n, 2]: near words stay near, far ones mean little.

    Source: van der Maaten and Hinton, Visualizing Data using t-SNE, 2008; here over cosines, begun from the principal
    components, so that the same vectors give the same map.
    """
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    perplexity = min(perplexity, (len(vectors) - 1) / 3)
    layout: NDArray[np.float32] = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(unit)
    layout -= layout.mean(0)
    return layout
