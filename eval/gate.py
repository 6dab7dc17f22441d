"""Shows how well the model's probability of refusing tells what an article answers.

    python -m eval.gate ../shared/data/qa_dev.jsonl
    python -m eval.gate eval/data/record.jsonl --articles ../shared/articles

Cases are those of eval.qa; instead of its article, a case may name an article_file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from assistant import AssistantError, prompt, read
from assistant.answer import REFUSE_ABOVE
from assistant.engine import open_llm
from eval.metrics import Rate
from eval.qa import Case, read_cases
from index import from_text, load

THRESHOLDS = (0.25, 0.3, 0.35, REFUSE_ABOVE, 0.4, 0.45, 0.5, 0.6)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the AUC and the operating points. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.gate", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--articles", type=Path, default=Path(), help="folder of article files")
    args = parser.parse_args(argv)
    try:
        cases = read_cases(args.data)
        scores = _scores(cases, args.articles)
    except (AssistantError, OSError, ValueError, KeyError) as error:
        print(f"eval.gate: {error}", file=sys.stderr)
        return 2
    for line in report(scores):
        print(line)
    return 0


def report(scores: Sequence[tuple[bool, float]]) -> list[str]:
    """Lines for pairs of (answerable, probability of a refusal)."""
    yes = [p for answerable, p in scores if answerable]
    no = [p for answerable, p in scores if not answerable]
    lines = [f"AUC {auc(yes, no):.3f}" if yes and no else "AUC needs cases of both kinds"]
    lines.append("refuse above | wrongly refused | rightly refused")
    for at in THRESHOLDS:
        wrong, right = Rate.of(p > at for p in yes), Rate.of(p > at for p in no)
        mark = " <- in use" if at == REFUSE_ABOVE else ""
        lines.append(f"{at:.2f} | {wrong} | {right}{mark}")
    return lines


def auc(low: Sequence[float], high: Sequence[float]) -> float:
    """How often one of `high` is above one of `low`, ties counting half, in [0, 1]."""
    wins = sum((a < b) + 0.5 * (a == b) for a in low for b in high)
    return wins / (len(low) * len(high))


def _scores(cases: list[Case], articles: Path) -> list[tuple[bool, float]]:
    llm = open_llm(read())
    if llm is None:
        raise ValueError("a language model is needed; ASSISTANT_LLM is none.")
    scores: list[tuple[bool, float]] = []
    for case in tqdm(cases):
        named = case.get("article_file")
        article = load(articles / named) if named else from_text(case["article"])
        asked = prompt.answer(article.text, case["question"])
        refusal = llm.score(asked, [prompt.REFUSAL.split()[0]])
        if refusal is None:
            raise ValueError(f"the model {llm.name!r} gives no log probabilities.")
        scores.append((case["answerable"], refusal[0]))
    llm.close()
    return scores


if __name__ == "__main__":
    sys.exit(main())
