"""Scores the assistant, and a stock pipeline beside it, on questions with gold answers.

    python -m eval.qa ../shared/data/qa_dev.jsonl
    python -m eval.qa ../shared/data/qa_dev.jsonl --system assistant --out .reports/qa.jsonl

One JSON object a line: id, article, article_id, title, question, answers (aliases), answerable,
evidence (sentences of the article); and for follow-ups history, turns with role and content.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from assistant import Assistant, AssistantError, read
from assistant.answer import is_refusal
from assistant.engine import open_checker, open_embedder, open_llm, open_store
from assistant.gate import Strictness
from assistant.llm import Endpoint
from eval.metrics import Rate, is_right, seconds
from eval.replay import Replay
from index import Article, from_text, load, normalise

Case = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one system said to one case. `valid`: every citation's quote stands at its span;
    None for a system whose citations have no spans. `hits`: for each citation whether it overlaps a
    gold evidence sentence; `found`: for each of those, of an answered question, whether it is
    cited. `right` is None where no gold answer is given.
    """

    id: str
    answerable: bool
    text: str
    refused: bool
    right: bool | None
    hits: tuple[bool, ...]
    found: tuple[bool, ...]
    valid: bool | None
    seconds: float
    first: bool
    standalone: str = ""
    corrected: bool = False


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one table of rates for each system. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.qa", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--system", choices=("assistant", "stock", "both"), default="both")
    parser.add_argument("--articles", type=Path, default=Path(), help="folder of article files")
    parser.add_argument("--replay", type=Path, help="keep replies here, and use those kept")
    parser.add_argument("--limit", type=int, help="only the first questions")
    parser.add_argument("--out", type=Path, help="write every outcome, as JSON lines")
    args = parser.parse_args(argv)
    try:
        cases = read_cases(args.data)[: args.limit]
        systems = ("assistant", "stock") if args.system == "both" else (args.system,)
        outcomes = _run(cases, systems, args.articles, args.replay)
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
        for label, value in report(found, timed=not args.replay):
            print(f"  {label:<46} {value}")
    return 0


def report(outcomes: Sequence[Outcome], timed: bool = True) -> list[tuple[str, str]]:
    """The rates, each with its counts; seconds if they were not replayed."""
    yes = [o for o in outcomes if o.answerable]
    no = [o for o in outcomes if not o.answerable]
    rates = [
        ("answerable, answered right", str(Rate.of(o.right for o in yes if o.right is not None))),
        ("answerable, wrongly refused", str(Rate.of(o.refused for o in yes))),
        ("unanswerable, refused", str(Rate.of(o.refused for o in no))),
        ("unanswerable, refused or corrected", str(Rate.of(o.refused or o.corrected for o in no))),
        ("citations that overlap the gold evidence", str(Rate.of(h for o in yes for h in o.hits))),
        ("gold evidence that is cited", str(Rate.of(f for o in yes for f in o.found))),
        (
            "answers whose spans are all valid",
            str(Rate.of(o.valid for o in outcomes if o.valid is not None)),
        ),
    ]
    if timed:
        rates += [
            ("first question on an article, median / p90", seconds(_times(outcomes, True))),
            ("later questions, median / p90", seconds(_times(outcomes, False))),
        ]
    return rates


def _times(outcomes: Sequence[Outcome], first: bool) -> list[float]:
    return [o.seconds for o in outcomes if o.first == first]


def read_cases(path: Path) -> list[Case]:
    """The cases in a file of JSON lines, those on one article together, as a reader asks them.

    Raises ValueError if there are none, or one lacks its question, article or answerable.
    """
    cases = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    if not cases:
        raise ValueError(f"{path} has no cases.")
    for number, case in enumerate(cases, 1):
        missing = {"id", "question", "answerable"} - set(case)
        if missing or not {"article", "article_file"} & set(case):
            lacks = ", ".join(sorted(missing)) or "article"
            raise ValueError(f"{path}: case {number} lacks {lacks}.")
    return sorted(
        cases, key=lambda c: str(c.get("article_id") or c.get("article_file") or c.get("article"))
    )


def article_of(case: Case, folder: Path) -> Article:
    """The article of a case: its text, or the file of that name in `folder`."""
    if named := case.get("article_file"):
        return load(folder / named)
    return from_text(case["article"], case.get("title", ""))


def on_articles(
    assistant: Assistant, cases: list[Case], folder: Path
) -> Iterator[tuple[Case, Assistant]]:
    """Each case with the assistant on its article; those on one article come together."""
    on: Assistant | None = None
    for case in cases:
        article = article_of(case, folder)
        if on is None or on.article.id != article.id:
            on = assistant.on(article)
        yield case, on


def open_models(replay: Path | None, strictness: Strictness | float | None = None) -> Assistant:
    """An assistant that others share the models of; with `replay`, known replies are not waited
    for.
    """
    settings = read(data_dir=Path(":memory:"))
    llm = open_llm(settings)
    return Assistant(
        from_text("This is only here to load the models."),
        embedder=open_embedder(settings),
        store=open_store(settings),
        llm=Replay(llm, replay) if replay and llm else llm,
        checker=open_checker(settings),
        strictness=settings.strictness if strictness is None else strictness,
    )


def _run(
    cases: list[Case], systems: Sequence[str], folder: Path, replay: Path | None
) -> dict[str, list[Outcome]]:
    outcomes: dict[str, list[Outcome]] = {}
    with open_models(replay) as models:
        makers: dict[str, Maker] = {"assistant": partial(_assistant, folder), "stock": _stock}
        for name in systems:
            answers = makers[name](models, cases)
            outcomes[name] = list(tqdm(answers, desc=name, total=len(cases)))
    return outcomes


@dataclass(frozen=True)
class Reply:
    """What a system said: its text, whether it refused, the quotes that it cites, whether their
    spans are valid, the question as it understood it, and whether it corrected its premise.
    """

    text: str
    refused: bool
    quotes: list[str]
    valid: bool | None = None
    standalone: str = ""
    corrected: bool = False


History = list[tuple[str, str]]
Ask = Callable[[str, History], Reply]
Maker = Callable[[Assistant, list[Case]], Iterator[Outcome]]


def _assistant(folder: Path, models: Assistant, cases: list[Case]) -> Iterator[Outcome]:
    def on(case: Case) -> Ask:
        assistant = models.on(article_of(case, folder))

        def ask(question: str, history: History) -> Reply:
            answer = assistant.ask(question, history)
            text = assistant.article.text
            return Reply(
                answer.text,
                answer.abstained,
                [c.quote for c in answer.citations],
                all(text[c.span.start : c.span.end] == c.quote for c in answer.citations),
                answer.standalone,
                answer.corrected,
            )

        return ask

    return _outcomes(cases, on)


def _stock(models: Assistant, cases: list[Case]) -> Iterator[Outcome]:
    from eval.stock import Stock

    if not isinstance(models.llm, Endpoint):
        raise ValueError("the stock pipeline needs a language model; ASSISTANT_LLM is none.")
    stock = Stock(models.llm, read().embedding_model)

    def on(case: Case) -> Ask:
        stock.read(case["article"])

        def ask(question: str, history: History) -> Reply:
            text, sources = stock.ask(question, history)
            return Reply(text, is_refusal(text), sources)

        return ask

    return _outcomes(cases, on)


def _outcomes(cases: list[Case], on: Callable[[Case], Ask]) -> Iterator[Outcome]:
    current, ask = None, None
    for case in cases:
        start = time.perf_counter()
        named = case.get("article_file") or case["article"]
        first = ask is None or named != current
        if ask is None or first:
            current, ask = named, on(case)
        history = [(turn["role"], turn["content"]) for turn in case.get("history", [])]
        reply = ask(case["question"], history)
        took = time.perf_counter() - start
        golds = [" ".join(normalise(g).split()) for g in case.get("evidence", [])]
        yield Outcome(
            id=case["id"],
            answerable=case["answerable"],
            text=reply.text,
            refused=reply.refused,
            right=not reply.refused and is_right(reply.text, case["answers"])
            if "answers" in case
            else None,
            hits=tuple(any(_overlap(q, g) for g in golds) for q in reply.quotes) if golds else (),
            found=()
            if reply.refused
            else tuple(any(_overlap(q, g) for q in reply.quotes) for g in golds),
            valid=reply.valid,
            seconds=round(took, 2),
            first=first,
            standalone=reply.standalone,
            corrected=reply.corrected,
        )


def _overlap(quote: str, gold: str) -> bool:
    """Whether one contains the other, white space apart."""
    quote = " ".join(quote.split())
    return quote in gold or gold in quote


if __name__ == "__main__":
    sys.exit(main())
