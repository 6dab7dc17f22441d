"""What citing and checking costs, beside what the model takes to write.

    python -m eval.bench.checking

Asks questions about the bundled article, and prints the seconds of an answer, how many of them are
spent on citing and checking, and the milliseconds of the checker for a claim against its evidence.
"stock" is the same reply, streamed and shown unchecked.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant import prompt
from assistant.answer import MAX_ANSWER_TOKENS
from assistant.checker import PackagedChecker
from eval.systems import open_models
from index import AssistantError, load

SAMPLE = Path(__file__).parents[2] / "ui" / "assets" / "sample.txt"
QUESTIONS = (
    "What is the article about?",
    "Who is quoted, and what do they say?",
    "Which numbers does the article give?",
    "What was decided?",
    "What are the reasons?",
)


def main() -> int:
    """Prints the table. 0 done, 2 could not run."""
    try:
        with open_models(None, strictness=0.0) as models:
            assistant = models.on(load(SAMPLE))
            assistant.warm()
            assistant.ask(QUESTIONS[0])  # Loads what is loaded lazily.
            reviewer = assistant._reviewer
            spent: list[float] = []
            for name in ("review", "answers"):
                setattr(reviewer, name, _timed(getattr(reviewer, name), spent))
            rows: list[tuple[float, float, float]] = []
            for question in QUESTIONS:
                spent.clear()
                start = time.perf_counter()
                assistant.ask(question)
                whole, checking = time.perf_counter() - start, sum(spent)
                nearest = assistant._nearest(assistant.llm, question)  # type: ignore[arg-type]
                messages = prompt.answer(assistant._told, question, nearest)
                start = time.perf_counter()
                for _ in assistant.llm.stream(messages, MAX_ANSWER_TOKENS):  # type: ignore[union-attr]
                    pass
                rows.append((whole, checking, time.perf_counter() - start))
    except AssistantError as error:
        print(f"eval.bench.checking: {error}", file=sys.stderr)
        return 2
    whole, checking, stock = (statistics.median(column) for column in zip(*rows, strict=True))
    print(
        f"answer {whole:.2f} s, citing and checking {checking:.2f} s, stock {stock:.2f} s (median)"
    )
    print(f"ratio answer to stock {whole / stock:.2f}, checking to stock {checking / stock:.2f}")
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


def _timed(call: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    def timed(*args: Any) -> Any:
        start = time.perf_counter()
        try:
            return call(*args)
        finally:
            spent.append(time.perf_counter() - start)

    return timed


if __name__ == "__main__":
    sys.exit(main())
