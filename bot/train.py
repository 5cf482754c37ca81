"""Train the model when it is missing or stale: `python -m bot train [--force]`."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bot.content import ContentError
from bot.paths import DATA, MODELS, ROOT

# Read by tqdm and by Rasa when they are imported: no bars in a log, no training cache.
os.environ.update(TQDM_DISABLE="1", LOG_LEVEL="WARNING", RASA_MAX_CACHE_SIZE="0")

# What the trained model depends on.
_INPUTS = (
    "config.yml",
    "domain.yml",
    "uv.lock",
    "data/dialogue/*.yml",
    "data/knowledge/**/*.yml",
    "data/nlu/*.yml",
    "data/safety/*.yml",
    "data/stories/*.yml",
    "bot/importer.py",
    "bot/nlu/*.py",
    "bot/policies/*.py",
    "bot/safety/classifier.py",
    "actions/knowledge/*.py",
)
MODEL = MODELS / "upright.tar.gz"
_STAMP = MODELS / "upright.sha256"


def fingerprint(root: Path = ROOT) -> str:
    """Return a hash of everything the model is made from."""
    digest = hashlib.sha256()
    for pattern in _INPUTS:
        for file in sorted(root.glob(pattern)):
            digest.update(str(file.relative_to(root)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def is_fresh() -> bool:
    """Return whether the stored model was trained from the present files."""
    return MODEL.exists() and _STAMP.exists() and _STAMP.read_text() == fingerprint()


def train(force: bool = False) -> Path:
    """Return the path of a fresh model, training it if need be.

    Always without Rasa's training cache: a warm cache can write a model that cannot be loaded.
    Raises ContentError for a broken content file, RuntimeError where training failed.
    """
    if not force and is_fresh():
        return MODEL
    from actions.knowledge import load_knowledge
    from bot.nlu.encoder import remembering
    from bot.safety.classifier import read_examples

    load_knowledge()  # says file, line and reason before the slow part begins
    read_examples()
    print("Training the model (once, and again when content changes) ...", flush=True)
    started = time.monotonic()
    wanted = fingerprint()
    import rasa

    from bot.logs import configure

    configure(logging.WARNING)
    # The risk classifier trains beside Rasa, in a process of its own.
    with ProcessPoolExecutor(1) as pool, remembering(MODELS / "vectors.npz"):
        risk = pool.submit(train_risk)
        result = rasa.train(
            domain=str(ROOT / "domain.yml"),
            config=str(ROOT / "config.yml"),
            training_files=[str(DATA / "nlu"), str(DATA / "stories")],
            output=str(MODELS),
            force_training=True,
            fixed_model_name="upright",
            # Our story policy ignores augmented stories; making them costs seconds.
            core_additional_arguments={"augmentation_factor": 0},
        )
        risk.result()
    if result.model is None or result.code != 0:
        raise RuntimeError("training failed; the first error above is the real one")
    _STAMP.write_text(wanted)
    print(f"Trained in {time.monotonic() - started:.0f} s.", flush=True)
    return MODEL


def train_risk() -> None:
    """Train and store the risk classifier. Raises ContentError for a broken example file."""
    from bot.nlu.encoder import remembering
    from bot.safety.classifier import train_and_save

    with remembering(MODELS / "vectors-risk.npz"):
        train_and_save()


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    try:
        train(force="--force" in arguments)
    except (ContentError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
