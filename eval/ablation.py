"""Shows what each part of the checking is worth, on the same replies of the model.

    python -m eval.ablation ../shared/data/qa_dev.jsonl --replay .reports/replay.jsonl

Rows: the model's reply as it is; with every check but without the trained checker; and all of it,
at each strictness. Cases are those of eval.cases.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from assistant import Assistant, AssistantError, prompt
from assistant.answer import MAX_ANSWER_TOKENS, is_refusal
from assistant.gate import THRESHOLDS
from eval.cases import Case, read
from eval.metrics import Rate
from eval.replay import Replay
from eval.score import is_correct
from eval.systems import on_articles, open_models

Ask = Callable[[Assistant, Case], tuple[str, bool, int]]
"""The text, whether it refuses (or corrects the premise), and how many sentences were rejected."""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.ablation", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--articles", type=Path, help="folder of article files")
    parser.add_argument("--replay", type=Path, required=True, help="keep replies here")
    args = parser.parse_args(argv)
    try:
        cases = read([args.data], args.articles)
        with open_models(args.replay) as models:
            variants: list[tuple[str, Assistant, Ask]] = [
                ("reply as it is", models, _raw),
                ("lexical checks, balanced", _like(models, "balanced", False), _checked),
                *(
                    (f"all checks, {name}", _like(models, name, True), _checked)
                    for name in THRESHOLDS
                ),
            ]
            print("variant | right | wrongly refused | refused or corrected | rejected sentences")
            for name, assistant, ask in variants:
                found = [
                    (case, *ask(on, case))
                    for case, on in tqdm(on_articles(assistant, cases), desc=name)
                ]
                yes = [f for f in found if f[0].row.answerable]
                no = [f for f in found if not f[0].row.answerable]
                rates = [
                    Rate.of(not r and is_correct(t, c.row.answers) for c, t, r, _ in yes),
                    Rate.of(r for _, _, r, _ in yes),
                    Rate.of(r for _, _, r, _ in no),
                    sum(n for *_, n in found),
                ]
                print(f"{name} | {' | '.join(map(str, rates))}")
    except AssistantError as error:
        print(f"eval.ablation: {error}", file=sys.stderr)
        return 2
    return 0


def _like(models: Assistant, strictness: str, checker: bool) -> Assistant:
    return Assistant(
        models.article,
        embedder=models._embedder,
        store=models.store,
        llm=models.llm,
        checker=models._checker if checker else None,
        strictness=strictness,  # type: ignore[arg-type]
    )


def _raw(assistant: Assistant, case: Case) -> tuple[str, bool, int]:
    llm = assistant.llm
    assert isinstance(llm, Replay)
    messages = prompt.answer(assistant._told, case.row.question)
    text = "".join(llm.stream(messages, MAX_ANSWER_TOKENS, prompt.REFUSES))
    return text, is_refusal(text), 0


def _checked(assistant: Assistant, case: Case) -> tuple[str, bool, int]:
    answer = assistant.ask(case.row.question)
    refused = answer.abstained or (answer.corrected and not case.row.answerable)
    return answer.text, refused, len(answer.rejected)


if __name__ == "__main__":
    sys.exit(main())
