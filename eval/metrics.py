"""What is measured of one answer; rates, their intervals, and whether two differ."""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_WORD = re.compile(r"\d+(?:[.,]\d+)*\w*|\w+")


def words(text: str) -> list[str]:
    """Lower-case words without articles and punctuation, much as SQuAD's scorer normalises them:
    but punctuation parts words, and a number is whole ("240" is no part of "240,000").
    """
    return [w for w in _WORD.findall(text.casefold()) if w not in ("a", "an", "the")]


def f1(answer: str, gold: str) -> float:
    """Token F1 of SQuAD (Rajpurkar et al., 2016), in [0, 1]."""
    a, g = words(answer), words(gold)
    common = sum((Counter(a) & Counter(g)).values())
    return 2 * common / (len(a) + len(g)) if common else 0.0


def contains(text: str, alias: str) -> bool:
    """Whether the words of `alias` stand in `text` in their order, case and punctuation apart."""
    wanted = " ".join(words(alias))
    return bool(wanted) and f" {wanted} " in f" {' '.join(words(text))} "


@dataclass(frozen=True)
class Rate:
    """`hits` of `n`. Without cases there is no rate, and its text is "no cases"."""

    hits: int
    n: int

    @classmethod
    def of(cls, outcomes: Iterable[bool]) -> Rate:
        seen = list(outcomes)
        return cls(sum(seen), len(seen))

    def __str__(self) -> str:
        return f"{self.hits / self.n:.0%} ({self.hits}/{self.n})" if self.n else "no cases"


def seconds(times: Sequence[float]) -> str:
    """Median and 90th percentile, as "1.2 / 3.4 s (n=5)"."""
    if not times:
        return "no cases"
    p90 = sorted(times)[min(len(times) - 1, int(0.9 * len(times)))]
    return f"{statistics.median(times):.1f} / {p90:.1f} s (n={len(times)})"


def auc(low: Sequence[float], high: Sequence[float]) -> float:
    """How often one of `high` is above one of `low`, ties counting half, in [0, 1]."""
    wins = sum((a < b) + 0.5 * (a == b) for a in low for b in high)
    return wins / (len(low) * len(high))


@dataclass(frozen=True)
class Estimate:
    """A mean in [0, 1] of `n` values, with its 95 % interval."""

    value: float
    n: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.1%} [{self.low:.1%}, {self.high:.1%}] (n={self.n})"


_Z = 1.959964


def estimate(values: Sequence[float], clusters: Sequence[str]) -> Estimate | None:
    """The mean of values in [0, 1], with an interval that knows which come from one article.

    Wilson's score interval with the number of values divided by the design effect (Korn and
    Graubard, 1998), which is taken from the clustered standard error (Miller, "Adding Error Bars
    to Evals", 2024) and is at least 1. None without values.
    """
    n = len(values)
    if not n:
        return None
    mean = sum(values) / n
    sums = defaultdict[str, float](float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value - mean
    spread = mean * (1 - mean) / n
    effect = 1.0
    if len(sums) > 1 and spread > 0:
        correction = len(sums) / (len(sums) - 1)
        effect = max(1.0, correction * sum(s * s for s in sums.values()) / n**2 / spread)
    size = n / effect
    middle = (mean + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    half = _Z / (1 + _Z**2 / size) * math.sqrt(mean * (1 - mean) / size + _Z**2 / (4 * size**2))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Estimate(_rounded(mean), n, _rounded(low), _rounded(high))


def resampled(
    items: Sequence[Any],
    clusters: Sequence[str],
    statistic: Callable[[Sequence[Any]], float | None],
    draws: int = 1000,
) -> Estimate | None:
    """`statistic` of all items, with the percentile interval of a bootstrap over articles.

    Seeded, so that equal items give equal intervals. None where the statistic is None.
    """
    value = statistic(items)
    if value is None:
        return None
    groups = _grouped(items, clusters)
    rng = np.random.default_rng(1)
    drawn = list[float]()
    for _ in range(draws):
        picked = rng.integers(len(groups), size=len(groups))
        again = statistic([item for g in picked for item in groups[g]])
        if again is not None:
            drawn.append(again)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(_rounded(value), len(items), _rounded(float(low)), _rounded(float(high)))


def paired(
    before: Mapping[str, float], after: Mapping[str, float], clusters: Mapping[str, str]
) -> float:
    """The p-value of no change, two-sided, over the ids that both have.

    Exact McNemar test for values of 0 and 1, otherwise a bootstrap of the mean difference over
    articles. 1.0 if nothing differs. Few articles cannot make anything sure: G of them, all of one
    sign, have a p-value of 2 / 2**G in a sign test, and none lower is given.
    """
    ids = [i for i in before if i in after]
    differences = [after[i] - before[i] for i in ids]
    if not any(differences):
        return 1.0
    if all(v in (0, 1) for i in ids for v in (before[i], after[i])):
        better, worse = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
        tail = sum(math.comb(better + worse, k) for k in range(min(better, worse) + 1))
        return min(1.0, 2.0 * tail / 2.0 ** (better + worse))
    return changed(differences, [clusters[i] for i in ids], sum)


def changed(
    items: Sequence[Any],
    clusters: Sequence[str],
    difference: Callable[[Sequence[Any]], float],
    draws: int = 10_000,
) -> float:
    """The two-sided p-value of `difference` being none, by a bootstrap over articles."""
    groups = _grouped(items, clusters)
    rng = np.random.default_rng(1)
    seen = [
        difference([item for g in picked for item in groups[g]])
        for picked in rng.integers(len(groups), size=(draws, len(groups)))
    ]
    share = min(sum(d <= 0 for d in seen), sum(d >= 0 for d in seen)) / draws
    return min(1.0, 2 * max(share, 1 / draws, 0.5 ** len(groups)))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """The p-values adjusted for how many there are (Holm, 1979)."""
    adjusted = dict[str, float]()
    highest = 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p))
        adjusted[name] = highest
    return adjusted


def _grouped(items: Sequence[Any], clusters: Sequence[str]) -> list[list[Any]]:
    groups = defaultdict[str, list[Any]](list)
    for item, cluster in zip(items, clusters, strict=True):
        groups[cluster].append(item)
    return list(groups.values())


def _rounded(value: float) -> float:
    return round(value, 4)
