"""What citing and checking costs, beside what the model takes to write.

    python -m eval.bench.checking

Asks questions about the bundled article, and prints the seconds of an answer and how many of them
are not in "stock", the same question read and the same reply streamed and shown unchecked; and the
milliseconds of the checker for a claim against its evidence.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant import gate, prompt
from assistant.answer import MAX_ANSWER_TOKENS
from assistant.checker import PackagedChecker
from assistant.llm import finish
from eval.systems import open_models
from index import AssistantError, load

SAMPLE = Path(__file__).parents[2] / "ui" / "assets" / "sample.txt"
QUESTIONS = (
    "What is the article about?",
    "Who is quoted, and what do they say?",
    "Which numbers does the article give?",
    "What was decided?",
    "What are the reasons?",
    "How many people use the night buses?",
    "When did the trial start?",
    "Why does Gerald Pym object to the buses?",
    "How would Idris Vaughan pay for the service?",
    "What share of passengers is not on the way to work?",
)
"""Those that ask for much, and those that ask for one thing."""


def main() -> int:
    """Prints the table. 0 done, 2 could not run."""
    try:
        with open_models() as models:
            assistant = models.on(load(SAMPLE))
            assistant.warm()
            assistant.ask(QUESTIONS[0])  # Loads what is loaded lazily.
            llm: Any = assistant.llm
            judging: list[float] = []
            checking: list[float] = []
            gate.judgement = _timed(gate.judgement, judging)
            for name in ("review", "answers"):
                timed = _timed(getattr(assistant._reviewer, name), checking, judging)
                setattr(assistant._reviewer, name, timed)
            rows: list[tuple[float, float, float, float]] = []
            for question in QUESTIONS:
                judging.clear()
                checking.clear()
                start = time.perf_counter()
                assistant.ask(question)
                whole = time.perf_counter() - start
                messages = prompt.answer(assistant._told, question)
                # The stock, too, is to read the question.
                finish(llm.read(prompt.answer(assistant._told, "?")))
                start = time.perf_counter()
                for _ in llm.stream(messages, MAX_ANSWER_TOKENS, prompt.REFUSES):
                    pass
                stock = time.perf_counter() - start
                rows.append((whole, sum(checking), sum(judging), stock))
    except AssistantError as error:
        print(f"eval.bench.checking: {error}", file=sys.stderr)
        return 2
    added = statistics.median(whole - stock for whole, *_, stock in rows)
    whole, checked, judged, stock = (statistics.median(c) for c in zip(*rows, strict=True))
    print(f"added to an answer: {added:.2f} s (median)")
    print(
        f"answer {whole:.2f} s, citing and checking {checked:.2f} s, the model's judgements of "
        f"sentences {judged:.2f} s, stock {stock:.2f} s (median)"
    )
    print(
        f"ratio answer to stock {whole / stock:.2f}, checking {checked / stock:.2f}, judging "
        f"{judged / stock:.2f}"
    )
    _checker()
    return 0


def _checker() -> None:
    import torch

    torch.set_num_threads(1)
    article = load(SAMPLE)
    quotes = [article.quote(s) for s in article.sentences]
    checker = PackagedChecker()
    start = time.perf_counter()
    checker.score([(quotes[0], quotes[1])])
    print(f"checker: loaded in {time.perf_counter() - start:.2f} s")
    for count in (1, 4, 10):
        evidence = " ".join(sorted(quotes, key=len)[-count:])
        pair = [(evidence, quotes[1])]
        times = list[float]()
        for _ in range(20):
            start = time.perf_counter()
            checker.score(pair)
            times.append(1000 * (time.perf_counter() - start))
        print(
            f"checker: a claim against {count} sentences {statistics.median(times):.0f} ms, 1 core"
        )


def _timed(
    call: Callable[..., Any], spent: list[float], apart: Sequence[float] = ()
) -> Callable[..., Any]:
    """`call`, whose seconds are added to `spent`, but for those that it adds to `apart`."""

    def timed(*args: Any, **named: Any) -> Any:
        start = time.perf_counter() - sum(apart)
        try:
            return call(*args, **named)
        finally:
            spent.append(time.perf_counter() - sum(apart) - start)

    return timed


if __name__ == "__main__":
    sys.exit(main())
