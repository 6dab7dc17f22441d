"""Looks at what the assistant needs and says what is wrong and how to mend it."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from assistant.engine import model_path, open_embedder, open_llm, open_store
from assistant.llm import Message, ReplyCut
from assistant.local import check_gguf
from assistant.models import QWEN_1_5B, check_digest, part_files
from assistant.settings import Settings
from index import AssistantError
from index.embedding import locate
from index.store import MEMORY

PACKAGES = (
    "llama-index-core",
    "chromadb",
    "sentence-transformers",
    "torch",
    "gradio",
    "pydantic-settings",
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. If it is not `ok`, `text` says what to do."""

    subject: str
    ok: bool
    text: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Findings, one by one as they are made; the slow ones (digest, loading) come last."""
    yield Finding("python", True, platform.python_version())
    for package in PACKAGES:
        yield _version(package)
    yield _try("data", lambda: _data(settings))
    yield _try("embedding", lambda: _embedding(settings))
    if settings.llm == "none":
        yield Finding("model", True, "none: answers are the article's own sentences")
        return
    if settings.llm_base_url:
        yield _try("endpoint", lambda: _endpoint(settings))
        return
    yield _version("xllamacpp")
    yield _try("model", lambda: _model(settings))


def _version(package: str) -> Finding:
    try:
        return Finding(package, True, importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            package, False, f"not installed. Run `make install` or `pip install {package}`."
        )


def _try(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, look())
    except AssistantError as error:
        return Finding(subject, False, str(error))


def _data(settings: Settings) -> str:
    if str(settings.data_dir) == MEMORY and not settings.chroma_url:
        return "in memory: nothing is kept"
    store = open_store(settings)
    return f"{settings.chroma_url or settings.data_dir} ({len(store.articles())} articles)"


def _embedding(settings: Settings) -> str:
    embedder = open_embedder(settings)
    embedder.embed_queries(["a question"])
    where = locate(settings.embedding_model)
    return f"{embedder.name}, at most {embedder.max_tokens} tokens, from {where}"


def _endpoint(settings: Settings) -> str:
    llm = open_llm(settings)
    assert llm is not None
    with suppress(ReplyCut):
        for _ in llm.stream([Message("user", "Say yes.")], 4):
            pass
    return f"{settings.llm} at {settings.llm_base_url} answers; window {llm.context} tokens"


def _model(settings: Settings) -> str:
    if settings.llm == "packaged":
        target = settings.cache_dir / "models"
        whole = model_path(settings) if any(target.glob(f"{QWEN_1_5B.name}*.gguf")) else None
        if whole is None:
            part_files(QWEN_1_5B)
            return (
                f"{QWEN_1_5B.name}: all {QWEN_1_5B.parts} parts are installed; joined at first use"
            )
        check_digest(whole, QWEN_1_5B.sha256)
        return f"{QWEN_1_5B.name} at {whole}, SHA-256 as expected"
    path = model_path(settings)
    check_gguf(path)
    if settings.llm_sha256:
        check_digest(path, settings.llm_sha256)
        return f"{path}, SHA-256 as set"
    return f"{path}; no ASSISTANT_LLM_SHA256 is set, so its digest was not checked"
