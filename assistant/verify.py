"""Decides whether the article's words support a sentence of an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.words import Weights, terms

Verdict = Literal["supported", "partly", "contradicted", "not in article"]

SUPPORTED = 0.75
PARTLY = 0.4


@dataclass(frozen=True)
class Check:
    """The verdict on one sentence, its score in [0, 1], and the words no evidence was found for."""

    verdict: Verdict
    score: float
    missing: tuple[str, ...] = ()


_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
} | {
    word: str(value)
    for value, word in zip(
        range(30, 100, 10),
        "thirty forty fifty sixty seventy eighty ninety".split(),
        strict=False,
    )
}
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_NAME = re.compile(r"(?<![.!?“\"] )(?<!^)\b[A-ZÀ-Þ][\w’'-]+")


def numbers(text: str) -> set[str]:
    """The numbers in `text`, digits and words alike, as digits without separators."""
    digits = {m.replace(",", "") for m in _NUMBER.findall(text)}
    words = {_NUMBER_WORDS[w] for w in re.findall(r"[a-z]+", text.casefold()) if w in _NUMBER_WORDS}
    return digits | words


def verify(
    claim: str, evidence: Sequence[str], weights: Weights, language: str = "en", asked: str = ""
) -> Check:
    """Checks `claim` against `evidence`, the article sentences it is attributed to.

    Every number and name of the claim must stand in the evidence (a name may come from the
    question); the score is the share of the claim's words, by weight, that the evidence has.
    """
    text = " ".join(evidence)
    found = set(terms(text, language))
    said = set(terms(claim, language))
    if not evidence or not said:
        return Check("not in article", 0.0, tuple(sorted(said)))
    score = weights.sum(said & found) / weights.sum(said)
    missing = sorted(numbers(claim) - numbers(text))
    missing += [
        name
        for name in dict.fromkeys(_NAME.findall(claim))
        if not set(terms(name, language)) <= found | set(terms(asked, language))
    ]
    if missing:
        return Check("partly" if score >= SUPPORTED else "not in article", score, tuple(missing))
    if score >= SUPPORTED:
        return Check("supported", score)
    words = tuple(sorted(t for t in said - found))
    return Check("partly" if score >= PARTLY else "not in article", score, words)
