"""Scores the assistant, and a stock pipeline beside it, on questions with gold answers.

    python -m eval.qa ../shared/data/qa_dev.jsonl
    python -m eval.qa ../shared/data/qa_dev.jsonl --system assistant --out .reports/qa.jsonl

One JSON object a line: id, article, article_id, title, question, answers (aliases), answerable,
evidence (sentences of the article).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from assistant import Assistant, AssistantError, read
from assistant.answer import is_refusal
from assistant.llm import Endpoint
from eval.metrics import Rate, is_right, seconds
from index import from_text, normalise

Case = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one system said to one case. `valid`: every citation's quote stands at its span."""

    id: str
    answerable: bool
    text: str
    refused: bool
    right: bool
    hits: tuple[bool, ...]
    valid: bool
    seconds: float
    first: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one table of rates for each system. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.qa", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--system", choices=("assistant", "stock", "both"), default="both")
    parser.add_argument("--limit", type=int, help="only the first questions")
    parser.add_argument("--out", type=Path, help="write every outcome, as JSON lines")
    args = parser.parse_args(argv)
    try:
        cases = _cases(args.data)[: args.limit]
        systems = ("assistant", "stock") if args.system == "both" else (args.system,)
        outcomes = _run(cases, systems)
    except (AssistantError, OSError, ValueError, KeyError) as error:
        print(f"eval.qa: {error}", file=sys.stderr)
        return 2
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with args.out.open("w") as file:
            for name, found in outcomes.items():
                file.writelines(
                    json.dumps({"system": name, **asdict(o)}, ensure_ascii=False) + "\n"
                    for o in found
                )
    for name, found in outcomes.items():
        print(f"\n{name}")
        for label, value in report(found):
            print(f"  {label:<46} {value}")
    return 0


def report(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """The rates, each with its counts."""
    yes = [o for o in outcomes if o.answerable]
    no = [o for o in outcomes if not o.answerable]
    return [
        ("answerable, answered right", str(Rate.of(o.right for o in yes))),
        ("answerable, wrongly refused", str(Rate.of(o.refused for o in yes))),
        ("unanswerable, refused", str(Rate.of(o.refused for o in no))),
        ("citations that overlap the gold evidence", str(Rate.of(h for o in yes for h in o.hits))),
        ("answers whose spans are all valid", str(Rate.of(o.valid for o in outcomes))),
        ("first question on an article, median / p90", seconds(_times(outcomes, True))),
        ("later questions, median / p90", seconds(_times(outcomes, False))),
    ]


def _times(outcomes: Sequence[Outcome], first: bool) -> list[float]:
    return [o.seconds for o in outcomes if o.first == first]


def _cases(path: Path) -> list[Case]:
    cases = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    if not cases:
        raise ValueError(f"{path} has no cases.")
    # Questions on one article together, as a reader asks them.
    return sorted(cases, key=lambda c: str(c.get("article_id", c["article"])))


def _run(cases: list[Case], systems: Sequence[str]) -> dict[str, list[Outcome]]:
    settings = read(data_dir=Path(":memory:"))
    outcomes: dict[str, list[Outcome]] = {}
    with Assistant.from_text("This is only here to load the models.", settings=settings) as models:
        makers = {"assistant": _assistant, "stock": _stock}
        for name in systems:
            answers = makers[name](models, cases)
            outcomes[name] = list(tqdm(answers, desc=name, total=len(cases)))
    return outcomes


Asked = Callable[[str], tuple[str, bool, list[str], bool]]
"""Question to: text, refused, the quotes that are cited, whether their spans are valid."""


def _assistant(models: Assistant, cases: list[Case]) -> Iterator[Outcome]:
    def on(case: Case) -> Asked:
        assistant = models.on(from_text(case["article"], case.get("title", "")))

        def ask(question: str) -> tuple[str, bool, list[str], bool]:
            answer = assistant.ask(question)
            text = assistant.article.text
            valid = all(text[c.span.start : c.span.end] == c.quote for c in answer.citations)
            return answer.text, answer.abstained, [c.quote for c in answer.citations], valid

        return ask

    return _outcomes(cases, on)


def _stock(models: Assistant, cases: list[Case]) -> Iterator[Outcome]:
    from eval.stock import Stock

    if not isinstance(models.llm, Endpoint):
        raise ValueError("the stock pipeline needs a language model; ASSISTANT_LLM is none.")
    stock = Stock(models.llm, "all-MiniLM-L6-v2")

    def on(case: Case) -> Asked:
        stock.read(case["article"])

        def ask(question: str) -> tuple[str, bool, list[str], bool]:
            answer = stock.ask(question)
            return answer.text, is_refusal(answer.text), list(answer.sources), True

        return ask

    return _outcomes(cases, on)


def _outcomes(cases: list[Case], on: Callable[[Case], Asked]) -> Iterator[Outcome]:
    current, ask = None, None
    for case in cases:
        first = case["article"] != current or ask is None
        start = time.perf_counter()
        if first or ask is None:
            current, ask = case["article"], on(case)
        text, refused, quotes, valid = ask(case["question"])
        took = time.perf_counter() - start
        golds = [" ".join(normalise(g).split()) for g in case["evidence"]]
        yield Outcome(
            id=case["id"],
            answerable=case["answerable"],
            text=text,
            refused=refused,
            right=not refused and is_right(text, case["answers"]),
            hits=tuple(any(_overlap(q, g) for g in golds) for q in quotes) if golds else (),
            valid=valid,
            seconds=round(took, 2),
            first=first,
        )


def _overlap(quote: str, gold: str) -> bool:
    """Whether one contains the other, white space apart."""
    quote = " ".join(quote.split())
    return quote in gold or gold in quote


if __name__ == "__main__":
    sys.exit(main())
