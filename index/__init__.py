"""An article becomes sentences, chunks and vectors that can be searched."""

from index.article import Article, Span, directed, sentence_spans
from index.chunking import Chunk, split
from index.embedding import Embedder, SentenceTransformerEmbedder, Vectors
from index.errors import (
    ArticleError,
    AssistantError,
    ModelError,
    QuestionError,
    SettingsError,
    StoreError,
)
from index.library import Library
from index.loading import (
    MAX_BYTES,
    SUFFIXES,
    detect_language,
    from_bytes,
    from_text,
    load,
    normalise,
)
from index.retrieval import RetrievedChunk, Retriever, stemmer
from index.store import Store

__all__ = [
    "MAX_BYTES",
    "SUFFIXES",
    "Article",
    "ArticleError",
    "AssistantError",
    "Chunk",
    "Embedder",
    "Library",
    "ModelError",
    "QuestionError",
    "RetrievedChunk",
    "Retriever",
    "SentenceTransformerEmbedder",
    "SettingsError",
    "Span",
    "Store",
    "StoreError",
    "Vectors",
    "detect_language",
    "directed",
    "from_bytes",
    "from_text",
    "load",
    "normalise",
    "sentence_spans",
    "split",
    "stemmer",
]
