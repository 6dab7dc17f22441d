"""Opens what the settings name: the language model, the embedding model and the store."""

from __future__ import annotations

from pathlib import Path

from assistant.checker import PACKAGED, Checker, CrossEncoderChecker, PackagedChecker
from assistant.llm import LLM, Endpoint
from assistant.local import JUDGE, LocalLLM
from assistant.models import QWEN_1_5B, Progress, assemble, check_digest, download, no_progress
from assistant.settings import Settings
from index import Embedder, SentenceTransformerEmbedder, Store
from index.embedding import name_of
from index.retrieval import CHUNK_TOKENS
from index.store import MEMORY


def open_llm(settings: Settings, progress: Progress = no_progress) -> LLM | None:
    """The language model, ready to answer; None for `none`. Raises ModelError."""
    if settings.llm == "none":
        return None
    if settings.llm_base_url:
        return Endpoint(
            settings.llm_base_url,
            settings.llm,
            settings.llm_api_key.get_secret_value(),
            settings.llm_timeout,
            settings.llm_context,
        )
    path = model_path(settings, progress)
    if settings.llm_sha256:
        check_digest(path, settings.llm_sha256, progress)
    return LocalLLM(
        path,
        settings.llm_context,
        settings.llm_threads,
        settings.llm_timeout,
        # It was trained for this model, and fits no other.
        judge=JUDGE if settings.llm == "packaged" else None,
    )


def model_path(settings: Settings, progress: Progress = no_progress) -> Path:
    """The local model's file, put together or fetched first if need be. Raises ModelError."""
    if settings.llm == "packaged":
        return assemble(QWEN_1_5B, settings.cache_dir / "models", progress)
    if settings.llm.startswith("hf:"):
        return download(settings.llm, settings.llm_revision)
    return Path(settings.llm).expanduser()


def open_embedder(settings: Settings) -> Embedder:
    """The embedding model. Raises ModelError."""
    return SentenceTransformerEmbedder(
        settings.embedding_model, settings.embedding_revision or None
    )


def open_checker(settings: Settings) -> Checker | None:
    """The model that checks sentences; None for `none`. Raises ModelError."""
    if settings.checker == "none":
        return None
    if settings.checker == PACKAGED:
        return PackagedChecker()
    return CrossEncoderChecker(settings.checker, settings.checker_revision or None)


def open_store(settings: Settings) -> Store:
    """The store for vectors of the embedding model that is set. Raises StoreError."""
    in_memory = str(settings.data_dir) == MEMORY
    place = settings.chroma_url or (MEMORY if in_memory else str(settings.data_dir / "chroma"))
    name = name_of(settings.embedding_model, settings.embedding_revision)
    return Store(place, name, CHUNK_TOKENS)
