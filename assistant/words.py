"""The words of a sentence that carry its meaning, as stems, and how much each one tells."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache

from simplemma import lemmatize

from index import stemmer

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

EVIDENCE_SENTENCES = 4
EVIDENCE_WORDS = 120

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")


_stemmer = lru_cache(maxsize=8)(stemmer)


@lru_cache(maxsize=50_000)
def _stem(word: str, language: str) -> str:
    """The stem of the lemma of `word`: a stemmer leaves "took" and "children" as they are."""
    try:
        lemma = lemmatize(word, lang=language).casefold()
    except ValueError:  # Not of this language.
        lemma = word
    return str(_stemmer(language).stemWord(lemma))


def stems(text: str, language: str = "en") -> list[str]:
    """The stems of all words and the numbers of `text`, in order."""
    return [_stem(w, language) for w in _plain(text)]


def terms(text: str, language: str = "en") -> list[str]:
    """The stems of the content words and the numbers of `text`, in order."""
    return [_stem(w, language) for w in _plain(text) if w not in FUNCTION_WORDS]


def _plain(text: str) -> list[str]:
    words = (re.sub(r"['’]s?$", "", w.casefold()) for w in _WORD.findall(text))
    return [w.replace(",", "") if w[0].isdigit() else w for w in words if w]


class Weights:
    """How much a term tells among the sentences of one text: its inverse sentence frequency."""

    def __init__(self, quotes: Sequence[str], language: str = "en") -> None:
        self.sentences = [frozenset(terms(quote, language)) for quote in quotes]
        self._words = [len(quote.split()) for quote in quotes]
        self._in = Counter(t for s in self.sentences for t in s)

    def __getitem__(self, term: str) -> float:
        # A term that the text does not have weighs as much as its rarest one.
        return math.log(1 + len(self.sentences) / max(1, self._in[term]))

    def sum(self, found: Iterable[str]) -> float:
        return sum(self[t] for t in found)

    def known(self, term: str) -> bool:
        return term in self._in

    def evidence(self, said: Set[str], first: Iterable[int] = ()) -> list[int]:
        """The numbers of at most four sentences, about 120 words, that could support `said`.

        Those in `first`, then those that share most of its terms by weight; in order.
        """
        shared = [self.sum(said & s) for s in self.sentences]
        order = sorted(range(len(shared)), key=lambda i: -shared[i])
        room, chosen = EVIDENCE_WORDS, list[int]()
        for i in dict.fromkeys([*first, *(i for i in order if shared[i] > 0)]):
            if len(chosen) < EVIDENCE_SENTENCES and (room >= self._words[i] or not chosen):
                chosen.append(i)
                room -= self._words[i]
        return sorted(chosen)
