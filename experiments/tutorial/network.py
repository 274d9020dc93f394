"""The tutorial's network: embedding -> LSTM -> mean over the words -> dropout -> softmax.

Shapes: B reviews in a batch, T tokens of the longest, V rows of the embedding, D vector size, H hidden size.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

HIDDEN_SIZE = VECTOR_SIZE = 128
DROPOUT = 0.5


class Network(nn.Module):
    """embedding -> LSTM without peepholes -> mean -> dropout -> logits of the two classes.

    The weights start as the tutorial's do: small for embedding and output, orthogonal matrices per gate, all biases 0.
    `torch.nn.LSTM` has two biases per gate where the tutorial has one, so the second is fixed at 0.

    Args:
        n_rows: V.
        vectors: float32 [n_words, D], what the first rows of the embedding start from; the others start at 0. Without
            them all rows start at random, D = 128.
    """

    def __init__(self, n_rows: int, vectors: NDArray[np.float32] | None = None) -> None:
        super().__init__()
        size = VECTOR_SIZE if vectors is None else vectors.shape[1]
        self.embedding = nn.Embedding(n_rows, size)
        if vectors is None:
            nn.init.uniform_(self.embedding.weight, 0, 0.01)
        else:
            nn.init.zeros_(self.embedding.weight)
            self.embedding.weight.data[: len(vectors)] = torch.from_numpy(np.array(vectors))
        self.lstm = nn.LSTM(size, HIDDEN_SIZE, batch_first=True)
        for name, weight in self.lstm.named_parameters():
            if name.startswith("weight"):
                for gate in weight.chunk(4):
                    nn.init.orthogonal_(gate)
            else:
                nn.init.zeros_(weight)
        self.lstm.get_parameter("bias_hh_l0").requires_grad_(False)
        self.output = nn.Linear(HIDDEN_SIZE, 2)
        nn.init.normal_(self.output.weight, std=0.01)
        nn.init.zeros_(self.output.bias)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits of the classes negative and positive, float32 [B, 2].

        Args:
            ids: int64 [B, T], padded on the right: what comes after a review's end does not reach the states before it.
            lengths: int64 [B], tokens of each review, at least 1.
        """
        x = self.embedding(ids)  # [B, T, D]
        states, _ = self.lstm(x)  # [B, T, H]
        weights = (torch.arange(ids.shape[1]) < lengths[:, None]) / lengths[:, None]  # [B, T]
        mean = torch.bmm(weights[:, None], states).squeeze(1)  # [B, H]
        # Scaled in prediction and not in training, as in the tutorial; nn.Dropout does it the other way round.
        kept = torch.rand_like(mean) < 1 - DROPOUT if self.training else 1 - DROPOUT
        logits: Tensor = self.output(mean * kept)  # [B, 2]
        return logits
