"""Shows whether answers follow the article when it says something else than the world does.

    python -m eval.counterfactual ../shared/data/qa_dev.jsonl

For every answerable case whose gold answer is or holds a number or a name that stands in the
article, that is changed throughout the article, to a number or name that the model cannot know,
and the question is asked again. Followed: the new one is in the answer and the old one is not.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from assistant import AssistantError
from eval.cases import read
from eval.metrics import Rate, words
from eval.systems import open_models
from index import from_text

NAMES = ("Velmora", "Tarnick", "Osquith", "Brellan", "Hadrowe", "Quillen", "Yarrowby", "Stennick")


@dataclass(frozen=True)
class Edit:
    """The article's text with `old` changed into `new` wherever it stands."""

    text: str
    old: str
    new: str


_NAME = re.compile(r"\b[A-ZÀ-Þ][\w’'-]+(?: [A-ZÀ-Þ][\w’'-]+)*")
_SHORT = 6


def edited(text: str, question: str, answers: Iterable[str], rng: random.Random) -> Edit | None:
    """A changed article, or None if no short gold answer has a number or name in the article."""
    for answer in answers:
        if len(answer.split()) > _SHORT:
            continue
        for found in [*re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", answer), *_NAME.findall(answer)]:
            old = re.sub(r"['’]s$", "", found)
            place = _place(old)
            if not place.search(text) or _place(old.split()[-1]).search(question):
                continue
            new = _number(old, rng) if old[0].isdigit() else rng.choice(NAMES)
            if new not in text:
                # A name is changed where only its last word stands, too.
                return Edit(_place(old.split()[-1]).sub(new, place.sub(new, text)), old, new)
    return None


def _place(old: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.,]){re.escape(old)}(?!\w|[.,]\d)")


def _number(old: str, rng: random.Random) -> str:
    """Another number of the same length, near in size, that keeps a year a year."""
    digits = [i for i, c in enumerate(old) if c.isdigit()]
    i = digits[-1] if len(digits) > 1 else digits[0]
    new = rng.choice([d for d in "23456789" if d != old[i]])
    return old[:i] + new + old[i + 1 :]


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the rates and each edit that was not followed. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.counterfactual", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--articles", type=Path, help="folder of article files")
    parser.add_argument("--replay", type=Path, help="keep replies here, and use those kept")
    args = parser.parse_args(argv)
    rng = random.Random(1)
    outcomes: list[tuple[bool, bool]] = []
    try:
        cases = [c for c in read([args.data], args.articles) if c.row.answerable]
        with open_models(args.replay) as models:
            for case in tqdm(cases):
                article, question = case.article, case.row.question
                golds = [a for group in case.row.answers for a in group]
                edit = edited(article.text, question, golds, rng)
                if edit is None or models.on(article).ask(question).abstained:
                    continue
                changed = from_text(edit.text, article.title)
                answer = models.on(changed).ask(question)
                said = set(words(answer.text))
                followed = set(words(edit.new)) <= said and not set(words(edit.old)) <= said
                outcomes.append((answer.abstained, followed))
                if not followed:
                    print(f"{edit.old} -> {edit.new}: {question} {answer.text}")
    except AssistantError as error:
        print(f"eval.counterfactual: {error}", file=sys.stderr)
        return 2
    print("edits followed, of those answered", Rate.of(f for a, f in outcomes if not a))
    print("edits refused", Rate.of(a for a, _ in outcomes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
