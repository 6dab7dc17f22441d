"""What is measured of one answer, and rates with their counts."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def words(text: str) -> list[str]:
    """Lower-case words without articles and punctuation, as SQuAD's scorer normalises them."""
    plain = re.sub(r"[^\w\s]", " ", text.casefold())
    return [w for w in plain.split() if w not in ("a", "an", "the")]


def f1(answer: str, gold: str) -> float:
    """Token F1 of SQuAD (Rajpurkar et al., 2016), in [0, 1]."""
    a, g = words(answer), words(gold)
    common = sum((Counter(a) & Counter(g)).values())
    return 2 * common / (len(a) + len(g)) if common else 0.0


def contains(text: str, alias: str) -> bool:
    """Whether the words of `alias` stand in `text` in their order, case and punctuation apart."""
    wanted = " ".join(words(alias))
    return bool(wanted) and f" {wanted} " in f" {' '.join(words(text))} "


def is_right(answer: str, golds: Iterable[str]) -> bool:
    """Whether a gold alias is contained in the answer, or shares token F1 of at least 0.5."""
    said = f" {' '.join(words(answer))} "
    return any(f" {' '.join(words(g))} " in said or f1(answer, g) >= 0.5 for g in golds if words(g))


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
