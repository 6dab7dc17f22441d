"""Finds the article sentences that a sentence of an answer rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.words import Weights, terms
from index import Article, Chunk, Embedder, Span

MAX_SENTENCES = 3
"""More than three sentences are no longer words that a reader can check at a glance."""

_CANDIDATES = 8
_QUESTION_WEIGHT = 0.5
_SIMILARITY_WEIGHT = 0.5
_NEW_SHARE = 0.2
_NEAR = 0.8
"""Word share plus cosine similarity, each at most 1, below which no sentence is an answer."""


@dataclass(frozen=True)
class Citation:
    """Words of the article: `article.text[span.start:span.end] == quote`, always.

    `marker` is the number shown to the reader: one sentence of the article has one marker in an
    answer. `chunk_id` names the passage that the quote stands in.
    """

    marker: int
    span: Span
    quote: str
    chunk_id: str


class Attributor:
    """Attributes sentences of answers to sentences of one article.

    A sentence's evidence is the article sentence that has most of its words, weighted by how rare
    they are in the article, with the question's words at half weight and the embeddings' cosine
    similarity added; then, greedily, sentences that bring at least a fifth of the words not yet
    found. The article's own words decide; no marker that a model writes does.
    """

    def __init__(self, article: Article, chunks: Sequence[Chunk], embedder: Embedder) -> None:
        self._article = article
        self._chunks = chunks
        self._embedder = embedder
        self.weights = Weights(article)

    def attribute(self, claim: str, question: str) -> list[int]:
        """The numbers (from 0) of the article sentences that `claim` rests on, in order.

        Empty if no sentence of the article shares a content word with it.
        """
        weights, language = self.weights, self._article.language
        said = set(terms(claim, language))
        asked = set(terms(question, language)) - said
        total = weights.sum(said) + _QUESTION_WEIGHT * weights.sum(asked)
        if not total:
            return []
        shared = [
            (weights.sum(said & s) + _QUESTION_WEIGHT * weights.sum(asked & s)) / total
            for s in weights.sentences
        ]
        order = sorted(range(len(shared)), key=lambda i: -shared[i])
        near = [i for i in order[:_CANDIDATES] if shared[i] > 0]
        if not near:
            return []
        texts = [
            f"{question} {claim}",
            *(self._article.quote(self._article.sentences[i]) for i in near),
        ]
        vectors = self._embedder.embed_passages(texts)
        similarity = dict(zip(near, vectors[1:] @ vectors[0], strict=True))
        score = {i: shared[i] + _SIMILARITY_WEIGHT * float(similarity[i]) for i in near}
        cited = [max(near, key=lambda i: score[i])]
        known = {t for t in said if weights.known(t)}
        while len(cited) < MAX_SENTENCES:
            missing = known.difference(*(weights.sentences[i] for i in cited))
            gain = {i: weights.sum(missing & weights.sentences[i]) for i in near if i not in cited}
            best = max(gain, key=lambda i: (gain[i], score[i]), default=None)
            if best is None or gain[best] < _NEW_SHARE * weights.sum(known):
                break
            cited.append(best)
        return sorted(cited)

    def nearest(self, question: str) -> list[int]:
        """The numbers of at most two sentences that answer `question` best, in order.

        Empty if none shares enough of its words or meaning.
        """
        spans = self._article.sentences
        asked = set(terms(question, self._article.language))
        total = self.weights.sum(asked)
        if not total:
            return []
        vectors = self._embedder.embed_passages([question, *map(self._article.quote, spans)])
        score = {
            i: self.weights.sum(asked & self.weights.sentences[i]) / total + float(similarity)
            for i, similarity in enumerate(vectors[1:] @ vectors[0])
        }
        best = sorted(score, key=lambda i: -score[i])[:2]
        return sorted(i for i in best if score[i] >= max(_NEAR, 0.8 * score[best[0]]))

    def cite(self, sentences: Sequence[int], markers: dict[int, int]) -> tuple[Citation, ...]:
        """Citations of these sentences. `markers` keeps each one's number through an answer."""
        return tuple(
            Citation(
                markers.setdefault(i, len(markers) + 1),
                span,
                self._article.quote(span),
                next((c.id for c in self._chunks if c.span.overlaps(span)), ""),
            )
            for i in sentences
            for span in [self._article.sentences[i]]
        )
