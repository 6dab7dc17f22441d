"""A language model at an OpenAI-compatible endpoint as a second judge, reported apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from assistant import Message, Settings
from assistant.llm import Endpoint, ReplyCut
from eval.cases import SuiteError
from eval.metrics import estimate
from eval.score import Score

_ASKED = """\
Article:
{article}

Statement: {claim}

Does the article support every part of the statement? Reply with one word, yes or no."""

_MAX_TOKENS = 5


class LLMJudge:
    """Asks a model, at temperature 0, whether the whole article supports a sentence.

    Its agreement with the shipped judge is told; no metric depends on it.
    """

    def __init__(self, where: str, settings: Settings) -> None:
        """`where` is "model@http://...". Raises SuiteError if it is not, ModelError if nobody is
        there.
        """
        self.name, _, url = where.partition("@")
        if not self.name or not url.startswith(("http://", "https://")):
            raise SuiteError(f"--llm-judge is {where!r}; give MODEL@URL with an http(s) address.")
        key = settings.llm_api_key.get_secret_value()
        self._llm = Endpoint(url, self.name, key, settings.llm_timeout, settings.llm_context)

    def supports(self, claim: str, article: str) -> bool | None:
        """Yes or no; None if the reply is neither."""
        said = ""
        try:
            asked = [Message("user", _ASKED.format(article=article, claim=claim))]
            for piece in self._llm.stream(asked, _MAX_TOKENS):
                said += piece
        except ReplyCut:
            pass
        word = said.strip(" *.\n").casefold()
        return True if word.startswith("yes") else False if word.startswith("no") else None

    def opinion(self, scores: Sequence[Score]) -> dict[str, Any]:
        """How many sentences it finds supported, and how often it agrees with the other judge."""
        asked = [
            (self.supports(j.sentence.text, s.case.article.text), j.judgement.supported, s.case)
            for s in scores
            for j in s.judged
        ]
        told = [(a, b, case.article_id) for a, b, case in asked if a is not None]
        articles = [article for *_, article in told]
        found: dict[str, Any] = {
            "name": self.name,
            "n": len(told),
            "unclear": len(asked) - len(told),
        }
        if supported := estimate([float(a) for a, *_ in told], articles):
            found["supported"] = asdict(supported)
        if agrees := estimate([float(a == b) for a, b, _ in told], articles):
            found["agrees"] = asdict(agrees)
        return found
