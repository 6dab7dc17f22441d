"""Answers with planted hallucinations: an evaluation that does not fail on them is worth nothing.

    python -m eval.plant                       # every class must turn the suite red
    python -m eval.plant --write .reports/planted      # the answers, for `eval --answers`

The clean answers are made of the gold evidence, each sentence citing itself, and a refusal where
there is no answer. In the planted ones, one thing of each is wrong.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant import AssistantError
from assistant.answer import NO_ANSWER
from assistant.engine import open_embedder
from assistant.settings import read as read_settings
from eval.cases import Case, read
from eval.judge import ARTICLES, Judge
from eval.metrics import contains, holm, paired
from eval.score import Score, by_case, score, summary
from eval.systems import Reply, Sentence
from index import normalise

NAME = re.compile(r"(?<!^)(?<![.!?“\"] )\b[A-ZÀ-Þ][\w’'-]+(?: [A-ZÀ-Þ][\w’'-]+)*")
NUMBER = re.compile(r"\b\d+(?:[.,]\d+)*\b")
AUXILIARY = re.compile(r"\b(is|are|was|were|has|have|had|will|would|can|could|did|does|do)\b")
NOUN = re.compile(r"\b(?:[Tt]he|[Aa]n?|[Hh]is|[Hh]er|[Ii]ts|[Tt]heir) [a-z][\w-]+\b")
SAYING = re.compile(
    r"\b(said|says|told|wrote|writes|argued|argues|claimed|claims|believes|according to)\b"
)

CLASSES = {
    "number": ("correctness", "faithfulness"),
    "name": ("correctness", "faithfulness"),
    "negation": ("faithfulness",),
    "role": ("faithfulness",),
    "hedge": ("hedge", "attribution"),
    "extra": ("faithfulness",),
    "citation": ("evidence_precision",),
    "refusal": ("abstention_recall",),
}
"""What is planted, and the metrics one of which must fall."""

_SURE = 0.01


def change(way: str, quote: str, around: str, rng: random.Random) -> str | None:
    """`quote` with one thing changed that `around` does not support, or None if it has none."""
    names = recurring(quote, around)
    others = sorted(set(NAME.findall(around)) - set(names))
    match way:
        case "role" | "noun":
            found = names if way == "role" else sorted({n.casefold() for n in NOUN.findall(quote)})
            if len(found) < 2:
                return None
            first, second = rng.sample(found, 2)
            return _swapped(quote, first, second, ignore_case=way == "noun")
        case "speaker":
            verb = rng.choice(["said", "says", "argued", "told reporters"])
            return f"{rng.choice(others)} {verb} that {lowered(quote)}" if others else None
        case "name":
            return (
                quote.replace(rng.choice(names), rng.choice(others)) if names and others else None
            )
        case "number":
            numbers = NUMBER.findall(quote)
            if not numbers:
                return None
            old = rng.choice(numbers)
            known = sorted(set(NUMBER.findall(around)) - set(numbers))
            new = rng.choice(known) if known and rng.random() < 0.5 else _near(old, rng)
            return re.sub(rf"\b{re.escape(old)}\b", new, quote)
        case _:
            if re.search(r"\b(not|never|no|n’t|n't)\b", quote):
                return re.sub(r"\b(not|never) ", "", quote) if " not " in quote else None
            new = AUXILIARY.sub(lambda m: f"{m[0]} not", quote, count=1)
            return new if new != quote else None


def recurring(quote: str, around: str) -> list[str]:
    """The names in `quote`, also the one it begins with if the text has it elsewhere."""
    names = sorted(set(NAME.findall(quote)))
    first = re.match(r"[A-ZÀ-Þ][\w’'-]+(?: [A-ZÀ-Þ][\w’'-]+)*", quote)
    if first and re.search(rf"[a-z,] {re.escape(first[0])}\b", around):
        names.append(first[0])
    return names


def _swapped(quote: str, a: str, b: str, ignore_case: bool) -> str | None:
    if a in b or b in a:
        return None
    flags = re.IGNORECASE if ignore_case else re.NOFLAG
    held = re.sub(re.escape(a), "\0", quote, flags=flags)
    held = re.sub(re.escape(b), a, held, flags=flags).replace("\0", b)
    return held[0].upper() + held[1:]


def _near(number: str, rng: random.Random) -> str:
    digits = [i for i, c in enumerate(number) if c.isdigit()]
    place = rng.choice(digits)
    new = rng.choice([d for d in "123456789" if d != number[place]])
    return number[:place] + new + number[place + 1 :]


def lowered(sentence: str) -> str:
    """`sentence` as it stands within another, a first word that may be a name left alone."""
    first = sentence.split(" ", 1)[0]
    plain = first in (
        "The",
        "A",
        "An",
        "In",
        "It",
        "He",
        "She",
        "They",
        "This",
        "There",
        "On",
        "At",
    )
    return sentence[0].lower() + sentence[1:] if plain else sentence


def clean(case: Case) -> Reply:
    """A reply made of the gold evidence, or a refusal."""
    row = case.row
    if row.kind == "unanswerable":
        return Reply(id=case.id, answer=NO_ANSWER, sentences=(), abstained=True)
    golds = [normalise(group[0]) for group in row.evidence]
    sentences = [Sentence(text=g, citations=(g,)) for g in dict.fromkeys(golds)]
    text = " ".join(golds)
    missing = [g[0] for g in row.answers if not any(contains(text, a) for a in g)]
    if row.voice and not any(contains(text, v) for v in row.voice):
        first = sentences[0]
        named = first.model_copy(update={"text": f"According to {row.voice[0]}, {first.text}"})
        sentences[0] = named
    if missing:
        sentences.append(Sentence(text=f"So: {', '.join(missing)}.", citations=tuple(golds)))
    return _reply(case, sentences)


def planted(case: Case, way: str, others: Sequence[str], rng: random.Random) -> Reply | None:
    """The clean reply with one thing of class `way` wrong; None if the case has nothing for it.

    `others` are sentences of other articles.
    """
    row, reply = case.row, clean(case)
    said = list(reply.sentences or ())
    quotes = [case.article.quote(s) for s in case.article.sentences]
    if way == "refusal":
        if row.kind != "unanswerable":
            return None
        quote = rng.choice([q for q in quotes if len(q.split()) > 6])
        return _reply(case, [Sentence(text=quote, citations=(quote,))])
    if not said or case.article.language != "en":
        return None
    if way == "hedge":
        if not row.voice:
            return None
        pattern = "|".join(rf"\b{re.escape(v)}\b" for v in sorted(row.voice, key=len)[::-1])
        bare = [re.sub(rf"(According to )?({pattern}),? ?", "", s.text, flags=re.I) for s in said]
        return _reply(
            case, [s.model_copy(update={"text": t}) for s, t in zip(said, bare, strict=True)]
        )
    if way == "extra":
        extra = Sentence(text=rng.choice(others), citations=said[0].citations)
        return _reply(case, [*said, extra])
    if way == "citation":
        golds = {normalise(g) for group in row.evidence for g in group}
        wrong = [q for q in quotes if q not in golds and len(q.split()) > 4]
        return _reply(
            case, [s.model_copy(update={"citations": (rng.choice(wrong),)}) for s in said]
        )
    for i, sentence in enumerate(said):
        new = change(way, sentence.text, case.article.text, rng)
        if new and new not in case.article.text:
            said[i] = sentence.model_copy(update={"text": new})
            return _reply(case, said)
    return None


def _reply(case: Case, sentences: Sequence[Sentence]) -> Reply:
    return Reply(
        id=case.id,
        answer=" ".join(s.text for s in sentences),
        sentences=tuple(sentences),
        abstained=False,
    )


def plant(cases: Sequence[Case], way: str) -> dict[str, Reply]:
    """Replies to all cases, planted where the class fits and else clean."""
    rng = random.Random(f"planted {way}")
    found: dict[str, Reply] = {}
    for case in cases:
        others = [
            c.article.quote(s)
            for c in cases
            if c.article_id != case.article_id and c.article.language == case.article.language
            for s in c.article.sentences[3:12]
            if c.article.quote(s).endswith(".")
        ]
        found[case.id] = planted(case, way, sorted(set(others)), rng) or clean(case)
    return found


def prove(cases: Sequence[Case], judge: Judge) -> list[tuple[str, int, int, str, float]]:
    """For each class: its name, how many replies are planted, how many of these no longer pass or
    are doubted, the metric that fell most surely, and the p-value of its fall (Holm).
    """
    before = [score(c, clean(c), judge) for c in cases]
    clusters = {c.id: c.article_id for c in cases}
    rows: list[tuple[str, int, int, str, float]] = []
    for way, metrics in CLASSES.items():
        replies = plant(cases, way)
        after = [
            old if replies[c.id] == old.reply else score(c, replies[c.id], judge)
            for c, old in zip(cases, before, strict=True)
        ]
        changed = [(a, b) for a, b in zip(after, before, strict=True) if a is not b]
        caught = sum(_worse(a, b) for a, b in changed)
        p_values = holm({m: _falls(before, after, m, clusters) for m in metrics})
        surest = min(p_values, key=lambda m: p_values[m])
        rows.append((way, len(changed), caught, surest, p_values[surest]))
    return rows


def _worse(after: Score, before: Score) -> bool:
    return len(after.reasons) + len(after.doubts) > len(before.reasons) + len(before.doubts)


def _falls(
    before: Sequence[Score], after: Sequence[Score], name: str, clusters: dict[str, str]
) -> float:
    old, new = by_case(before, name), by_case(after, name)
    fell = sum(new[i] - old[i] for i in old if i in new) < 0
    return paired(old, new, clusters) if fell else 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Prints what became of each class. 0 if every class was caught, 1 if not, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.plant", description=__doc__)
    parser.add_argument("--suite", type=Path, action="append", help="default: the shipped suite")
    parser.add_argument("--write", type=Path, help="write the answers to this folder instead")
    args = parser.parse_args(argv)
    try:
        cases = read(args.suite or [ARTICLES])
        if args.write:
            args.write.mkdir(parents=True, exist_ok=True)
            for way in CLASSES:
                with (args.write / f"{way}.jsonl").open("w", encoding="utf-8") as file:
                    file.writelines(f"{r.model_dump_json()}\n" for r in plant(cases, way).values())
            return 0
        judge = Judge(open_embedder(read_settings()))
        for name, value in summary([score(c, clean(c), judge) for c in cases]).items():
            print(f"clean {name:<22} {value}")
        rows = prove(cases, judge)
    except AssistantError as error:
        print(f"eval.plant: {error}", file=sys.stderr)
        return 2
    print("class | planted | caught | metric that fell | p")
    for way, n, caught, metric, p in rows:
        print(f"{way} | {n} | {caught} | {metric} | {p:.2g}{'' if p < _SURE else '  NOT CAUGHT'}")
    return 0 if all(p < _SURE for *_, p in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
