"""Finds the article sentences that a sentence of an answer rests on."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from assistant import facts
from assistant.words import Weights, terms
from index import Article, Chunk, Embedder, Span, Vectors

MAX_SENTENCES = 3
"""More than three sentences are no longer words that a reader can check at a glance; but a list may
have one for each name or part, and one for what they are."""

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


_SAME = 0.5
"""How much a sentence of a summary loses for being like one that is in it already."""

_TITLED, _EARLY, _DECAY, _LEANS = 0.5, 0.2, 5.0, 0.1
"""How much it gains for being like the title, and for standing first, e times less for each five
sentences further down; and loses for leaning on the one before it where that is left out."""

_LEANING = re.compile(
    r"[\"“„«‘']|(?:and|but|or|so|yet|then|also|still|indeed|instead|however|meanwhile|moreover|such|"
    r"another|of (?:this|these|those)|"
    r"the (?:two|three|first|second|third|fourth|fifth|others?|latter|former))\b",
    re.IGNORECASE,
)
"""How somebody's words begin, or a sentence that goes on with what was said before it."""


class Attribution(NamedTuple):
    """The sentences (by number from 0, in order) that a claim rests on, and how near they are:
    the highest cosine similarity of one of them, 0 without any.
    """

    sentences: list[int]
    similarity: float


class Attributor:
    """Attributes sentences of answers to sentences of one article.

    A sentence's evidence is the article sentence that has most of its words, weighted by how rare
    they are in the article, with the question's words at half weight and the embeddings' cosine
    similarity added; then, greedily, sentences that bring at least a fifth of the words not yet
    found (less for each part of a list), or a name or quantity. The article's own words decide, not
    markers that a model writes.
    """

    def __init__(
        self,
        article: Article,
        chunks: Sequence[Chunk],
        embedder: Embedder,
        without: Set[int] = frozenset(),
    ) -> None:
        """Sentences in `without`, by number, are never attributed to nor ranked."""
        self._without = without
        self._article = article
        self._chunks = chunks
        self._embedder = embedder
        self.quotes = [article.quote(s) for s in article.sentences]
        self.weights = Weights(self.quotes, article.language)

    def attribute(self, claim: str, question: str, repeated: bool = False) -> Attribution:
        """The sentences that `claim` rests on; none if none shares a content word with it.

        What it only repeats of the question is not looked for, unless it is to be `repeated`.
        """
        weights, language = self.weights, self._article.language
        said = set(terms(claim, language))
        asked = set(terms(question, language))
        told = said if repeated else said - asked or said
        asked -= said
        total = weights.sum(said) + _QUESTION_WEIGHT * weights.sum(asked)
        if not total:
            return Attribution([], 0.0)
        shared = [
            (weights.sum(said & s) + _QUESTION_WEIGHT * weights.sum(asked & s)) / total
            for s in weights.sentences
        ]
        order = sorted(range(len(shared)), key=lambda i: -shared[i])
        near = [i for i in order if shared[i] > 0 and i not in self._without]
        if not near:
            return Attribution([], 0.0)
        listed = (
            max(facts.listed_names(claim), facts.listed_parts(claim)) if language == "en" else 0
        )
        most = max(MAX_SENTENCES, listed + 1)
        if most == MAX_SENTENCES:
            near = near[:_CANDIDATES]
        similar = self._similarity(f"{question} {claim}")
        score = {i: shared[i] + _SIMILARITY_WEIGHT * similar[i] for i in near}
        cited = [max(near, key=lambda i: score[i])]
        known = {t for t in told if weights.known(t)}
        # Elsewhere than in English, what begins with a capital may be any noun.
        parts = facts.particulars(claim) if language == "en" else []
        exact = {t for part in parts for t in terms(part)}
        least = _NEW_SHARE * MAX_SENTENCES / most * weights.sum(known)
        while len(cited) < most:
            missing = known.difference(*(weights.sentences[i] for i in cited))
            new = {i: missing & weights.sentences[i] for i in near}
            gain = {i: weights.sum(n) for i, n in new.items() if n}
            worth = [i for i in gain if gain[i] >= least or new[i] & exact]
            if not worth:
                break
            cited.append(max(worth, key=lambda i: (gain[i], score[i])))
        first, *others = cited
        # What has words of the question only is needed where the others point back.
        needed = repeated or known & weights.sentences[first]
        if others and not needed and not any(facts.points_back(self.quotes[i]) for i in others):
            cited = others
        return Attribution(sorted(cited), max(similar[i] for i in cited))

    def among(self, cited: Sequence[int], claim: str, question: str) -> Attribution:
        """The sentences `cited`, and how near they are to `claim`."""
        similar = self._similarity(f"{question} {claim}")
        return Attribution(sorted(cited), max(similar[i] for i in cited))

    def rank(self, question: str) -> list[tuple[int, float]]:
        """The sentences with how near they are to the question, nearest first.

        The score, at most 2, is the share of the question's words by weight plus the cosine.
        """
        asked = set(terms(question, self._article.language))
        total = self.weights.sum(asked) or 1.0
        similar = self._similarity(question)
        score = [
            self.weights.sum(asked & s) / total + similar[i]
            for i, s in enumerate(self.weights.sentences)
        ]
        ranked = [(i, s) for i, s in enumerate(score) if i not in self._without]
        return sorted(ranked, key=lambda pair: (-pair[1], pair[0]))

    def nearest(self, question: str) -> list[int]:
        """The numbers of at most two sentences that answer `question` best, best first.

        Empty if none shares enough of its words or meaning.
        """
        ranked = self.rank(question)
        if not ranked or ranked[0][1] < _NEAR:
            return []
        (first, best), *others = ranked
        return [first, *(i for i, s in others[:1] if s >= max(_NEAR, 0.8 * best))]

    def central(self, count: int) -> list[int]:
        """The numbers of at most `count` sentences that together say most of the article, in order.

        Nearest to the mean of all sentences and to the title, and near the beginning, each less
        what those chosen say already (maximal marginal relevance, Carbonell and Goldstein, 1998).
        Headings, questions and very long lines are no such sentences.
        """
        good = [
            i
            for i, quote in enumerate(self.quotes)
            if 8 <= len(quote.split()) <= 45 and quote[-1] in ".!”\"’'" and i not in self._without
        ]
        worth = {i: float(self._vectors[i] @ self._middle) for i in good}
        leans = {
            i for i in good if _LEANING.match(self.quotes[i]) or facts.points_back(self.quotes[i])
        }
        for place, i in enumerate(good):
            worth[i] += _EARLY * math.exp(-place / _DECAY)
        chosen = list[int]()

        def gain(i: int) -> float:
            same = max((float(self._vectors[i] @ self._vectors[j]) for j in chosen), default=0.0)
            return worth[i] - _SAME * same - _LEANS * (i in leans and i - 1 not in chosen)

        while good and len(chosen) < count:
            chosen.append(max(good, key=gain))
            good.remove(chosen[-1])
        return sorted(chosen)

    def _similarity(self, text: str) -> list[float]:
        """The cosine similarity of `text` to each sentence of the article."""
        vector = self._embedder.embed_passages([text])[0]
        return [float(s) for s in self._vectors @ vector]

    @cached_property
    def _middle(self) -> Vectors:
        """What the article is about: the mean of its sentences, and its title. One row."""
        middle: Vectors = self._vectors.mean(0)
        if self._article.title:
            middle = middle + _TITLED * self._embedder.embed_passages([self._article.title])[0]
        return middle

    @cached_property
    def _vectors(self) -> Vectors:
        return self._embedder.embed_passages(self.quotes)

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
