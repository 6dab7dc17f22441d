"""Finds the passages of an article that bear on a question: dense and BM25 ranks, fused."""

from __future__ import annotations

from dataclasses import dataclass

import bm25s
import Stemmer

from index.article import Article
from index.chunking import Chunk, split
from index.embedding import Embedder
from index.store import Store

CHUNK_TOKENS = 128
"""Three to five sentences; MiniLM reads at most 256 tokens and was trained on 128."""

_RRF_K = 60
"""The constant of reciprocal rank fusion in Cormack, Clarke and Buettcher (SIGIR 2009)."""


@dataclass(frozen=True)
class Ranks:
    """Places from 1 in each list; None where the list did not return the chunk."""

    dense: int | None
    bm25: int | None


@dataclass(frozen=True)
class RetrievedChunk:
    """A chunk with its cosine similarity to the question (never a distance) and its ranks.

    The similarity is 0 for a chunk that only BM25 found.
    """

    chunk: Chunk
    score: float
    ranks: Ranks


class Retriever:
    """Searches one article that is in the store (it is put there if it is not)."""

    def __init__(self, article: Article, store: Store, embedder: Embedder) -> None:
        self._article = article
        self._store = store
        self._embedder = embedder
        self.chunks = split(article, embedder.count, min(CHUNK_TOKENS, embedder.max_tokens))
        self.added = store.add(self.chunks, embedder.embed_passages)
        self._stemmer = stemmer(article.language)
        tokens = self._tokens([c.text for c in self.chunks])
        self._bm25 = bm25s.BM25() if any(tokens) else None
        if self._bm25:
            self._bm25.index(tokens, show_progress=False)

    def retrieve(self, question: str, k: int = 8) -> list[RetrievedChunk]:
        """At most `k` chunks, best first by reciprocal rank fusion of both lists."""
        vector = self._embedder.embed_queries([question])[0]
        # All similarities: an article has few chunks, and each result carries its own.
        dense = self._store.query(self._article.id, vector, len(self.chunks))
        similarity = {chunk.position: score for chunk, score in dense}
        dense_rank = {chunk.position: i for i, (chunk, _) in enumerate(dense, 1)}
        bm25_rank = self._bm25_ranks(question)
        fused = {
            p: sum(1 / (_RRF_K + ranks[p]) for ranks in (dense_rank, bm25_rank) if p in ranks)
            for p in dense_rank | bm25_rank
        }
        best = sorted(fused, key=lambda p: (-fused[p], p))[:k]
        return [
            RetrievedChunk(
                self.chunks[p], similarity.get(p, 0.0), Ranks(dense_rank.get(p), bm25_rank.get(p))
            )
            for p in best
        ]

    def _bm25_ranks(self, question: str) -> dict[int, int]:
        tokens = self._tokens([question])
        if not tokens[0] or not self._bm25:
            return {}
        found, scores = self._bm25.retrieve(tokens, k=len(self.chunks), show_progress=False)
        hits = [int(p) for p, s in zip(found[0], scores[0], strict=True) if s > 0]
        return {p: i for i, p in enumerate(hits, 1)}

    def _tokens(self, texts: list[str]) -> list[list[str]]:
        words = bm25s.tokenize(
            texts,
            stopwords="en" if self._article.language == "en" else [],
            stemmer=self._stemmer,
            return_ids=False,
            token_pattern=r"\w+",
            show_progress=False,
        )
        return [list(w) for w in words]


def stemmer(language: str) -> Stemmer.Stemmer:
    """The Snowball stemmer for an ISO 639-1 code, the English one where there is none."""
    try:
        return Stemmer.Stemmer(language)
    except KeyError:
        return Stemmer.Stemmer("english")
