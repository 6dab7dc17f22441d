"""The words of a sentence that carry its meaning, stemmed, and how much each one tells."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from index import Article, stemmer

# Closed-class words of English, and what questions and answers about a text are phrased with.
FUNCTION_WORDS = frozenset(
    """
    a about after all also an and any are as at be because been before being both but by can could
    did do does doing during each for from had has have having he her here hers him his how i if in
    into is it its itself just may me might more most must my no nor not of off on once only or
    other our out over own same shall she should so some such than that the their theirs them then
    there these they this those through to too under until up upon us very was we were what when
    where which while who whom whose why will with would you your
    according article say says said state stated states mention mentioned mentions author text
    """.split()
)

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")


@lru_cache(maxsize=8)
def _stem(language: str):  # type: ignore[no-untyped-def]
    return stemmer(language)


def terms(text: str, language: str = "en") -> list[str]:
    """The stems of the content words and the numbers of `text`, in order."""
    words = (re.sub(r"['’]s?$", "", w.casefold()) for w in _WORD.findall(text))
    plain = [w.replace(",", "") if w[0].isdigit() else w for w in words if w]
    return list(_stem(language).stemWords([w for w in plain if w not in FUNCTION_WORDS]))


class Weights:
    """How much a term tells within one article: its inverse sentence frequency."""

    def __init__(self, article: Article) -> None:
        self.sentences = [
            frozenset(terms(article.quote(s), article.language)) for s in article.sentences
        ]
        self._in = Counter(t for s in self.sentences for t in s)

    def __getitem__(self, term: str) -> float:
        # A term that the article does not have weighs as much as its rarest one.
        return math.log(1 + len(self.sentences) / max(1, self._in[term]))

    def sum(self, found: Iterable[str]) -> float:
        return sum(self[t] for t in found)

    def known(self, term: str) -> bool:
        return term in self._in
