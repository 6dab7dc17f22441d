"""Decides whether the article answers a question at all."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from typing import Literal

from assistant import prompt
from assistant.llm import LLM, Message, finish
from assistant.verify import Verdict, sigmoid

Strictness = Literal["strict", "balanced", "open"]

THRESHOLDS: Mapping[Strictness, float] = {"strict": 0.55, "balanced": 0.45, "open": 0.3}
"""The confidence from which on an answer is given. What each means is measured in eval/README."""

SECOND = 0.75
"""The confidence from which on a second try is shown: that a sentence had to be rejected before
is a sign that there is no answer."""

OWN = 0.95
"""The confidence from which on a sentence of the article stands for an answer whose two tries were
rejected: of five with less none was one (eval/README)."""

SHOWN: Mapping[Strictness, tuple[Verdict, ...]] = {
    "strict": ("supported",),
    "balanced": ("supported", "partly"),
    "open": ("supported", "partly"),
}
"""The verdicts with which a sentence is shown."""

FITTED: Sequence[tuple[dict[str, float], float]] = (
    ({"answerable": 0.425, "supported": 0.270}, -0.376),
    ({"answerable": 0.593}, -0.282),
    ({"refusal": -0.643, "answers": 0.110, "fluency": 2.460}, -0.243),
    ({"refusal": -0.653, "answers": 0.124}, -0.656),
    ({"refusal": -0.715}, -0.798),
)
"""Weights of signals and an intercept, as eval.gate fits them; the first that is whole counts.
The first two were put on the scale of a shorter `prompt.JUDGE` (eval/README). The last three are
for models that do not judge."""


def confidence(signals: Mapping[str, float]) -> float:
    """How likely the article answers the question, in [0, 1], from what is known so far.

    Signals are answerable, the log odds that the model judges that the article answers, if it was
    trained to, else refusal, those that it begins a refusal; and, once there is a sentence,
    supported, the log odds that it judges that the article says it, or else answers, the checker's
    logit that it answers the question, and fluency, the mean log probability of its tokens. How
    near the question's words are to the article's is none: good questions are put in other words
    (eval/README).
    Without either there is nothing to decide by, and the confidence is 1; so it is where overall
    is a signal, the question being about the article as a whole.
    """
    if "overall" in signals:
        return 1.0
    for weights, intercept in FITTED:
        if weights.keys() <= signals.keys():
            return sigmoid(intercept + sum(w * signals[name] for name, w in weights.items()))
    return 1.0


_LEAST, _MOST = -2.7, 5.0
"""Hardly any sentence that the checks let pass was judged below the first where the question was
sure, or above the second anywhere (eval/README)."""

_HOPELESS = 0.25
"""Below this share of a threshold no sentence of a model that does not judge is waited for."""


def settled(signals: Mapping[str, float], threshold: float) -> bool:
    """Whether the question alone was judged so surely that no sentence which the checks let pass
    is likely to bring the confidence below `threshold`. Not if that is 0: then all is answered to
    see the signals.
    """
    known = "answerable" in signals and threshold > 0
    return known and confidence({**signals, "supported": _LEAST}) >= threshold


def hopeless(signals: Mapping[str, float], threshold: float) -> bool:
    """Whether the question alone was judged so badly that no sentence is likely to bring the
    confidence to `threshold`.
    """
    if "answerable" in signals:
        return confidence({**signals, "supported": _MOST}) < threshold
    return confidence(signals) < _HOPELESS * threshold


_YES_NO = ("yes", "no")


def read(llm: LLM, asked: Sequence[Message]) -> Generator[tuple[int, int], None, dict[str, float]]:
    """Has the model read `asked`, of `prompt.answer`: yields as `LLM.read` does, and returns the
    signals that are known before it answers. Raises ModelError.
    """
    if llm.judges:
        found = yield from llm.read(prompt.judged(asked), _YES_NO)
        return {"answerable": _odds(found)} if found else {}
    found = yield from llm.read(asked, [prompt.REFUSES])
    return {"refusal": log_odds(found[0])} if found else {}


def judgement(llm: LLM, messages: Sequence[Message]) -> float | None:
    """The log odds of yes as the reply to `messages`, of `prompt.judged`; None of a model that was
    not trained for it. Raises ModelError.
    """
    found = finish(llm.read(messages, _YES_NO)) if llm.judges else None
    return _odds(found) if found else None


def _odds(found: Sequence[float]) -> float:
    return log_odds(found[0] / (sum(found) or 1.0))


def log_odds(probability: float) -> float:
    p = min(1 - 1e-6, max(1e-6, probability))
    return math.log(p / (1 - p))
