"""Decides whether the article answers a question at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from assistant.verify import Verdict, sigmoid

Strictness = Literal["strict", "balanced", "open"]

THRESHOLDS: Mapping[Strictness, float] = {"strict": 0.6, "balanced": 0.45, "open": 0.3}
"""The confidence from which on an answer is given. What each means is measured in eval/README."""

SHOWN: Mapping[Strictness, tuple[Verdict, ...]] = {
    "strict": ("supported",),
    "balanced": ("supported", "partly"),
    "open": ("supported", "partly"),
}
"""The verdicts with which a sentence is shown."""

FITTED: Sequence[tuple[dict[str, float], float]] = (
    ({"refusal": -0.439, "nearest": 3.219, "answers": 0.611, "fluency": 4.959}, -3.142),
    ({"refusal": -0.456, "nearest": 3.297, "answers": 0.651}, -4.014),
    ({"refusal": -0.651, "nearest": 3.2}, -4.215),
)
"""Weights of signals and an intercept, as eval.gate fits them; the first that is whole counts."""


def confidence(signals: Mapping[str, float]) -> float:
    """How likely the article answers the question, in [0, 1], from what is known so far.

    Signals are refusal, the log odds that the model begins a refusal; nearest, how near the
    nearest sentence is to the question; and, once there is a sentence, answers, the checker's
    logit that it answers the question, and fluency, the mean log probability of its tokens.
    Without a refusal there is nothing to decide by, and the confidence is 1.
    """
    for weights, intercept in FITTED:
        if weights.keys() <= signals.keys():
            return sigmoid(intercept + sum(w * signals[name] for name, w in weights.items()))
    return 1.0


def log_odds(probability: float) -> float:
    p = min(1 - 1e-6, max(1e-6, probability))
    return math.log(p / (1 - p))
