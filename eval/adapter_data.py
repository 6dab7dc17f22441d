"""What the adapters are trained on: articles with items to be judged by each.

Read from JSON lines with source, context, claim and label (1: the context supports the claim, which
may be a question and an answer to it).
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index import sentence_spans

LEFT_OUT = 0.22
QUESTIONS = 10
"""Of each label, at most, of one article."""

ANYTHING = "What does the article say?"
"""The question to which a claim is a reply that answers none."""


@dataclass(frozen=True)
class Item:
    """A question, perhaps with a reply; `label` 1 if the article answers it, or says the reply."""

    question: str
    reply: str
    label: int
    kind: str
    """Where it comes from."""


@dataclass(frozen=True)
class Example:
    article: str
    items: tuple[Item, ...]


def answerable(path: Path, seed: int) -> Iterator[Example]:
    """Articles with questions, those first whose contexts have questions without answer.

    An article is one context of squad_qa or two that are alike, about one sentence in five left
    out. Asked are questions whose answer is still there, whose answer was left out, that never had
    one (SQuAD 2), and some of a third context.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    rng = random.Random(seed)
    asked: dict[str, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(path, "rt") as file:
        for row in map(json.loads, file):
            parts = _parted(row["claim"])
            if row["source"] == "squad_qa" and parts:
                asked[row["context"]][parts[1]].append((parts[2], row["label"]))
    contexts = sorted(asked)
    words = TfidfVectorizer(sublinear_tf=True, stop_words="english", max_df=0.1)
    vectors = words.fit_transform(contexts)
    alike = (vectors @ vectors.T).toarray()
    np.fill_diagonal(alike, 0)
    order = list(range(len(contexts)))
    rng.shuffle(order)
    # Those first of which most is asked in fewest words, if some of it has no answer.
    order.sort(
        key=lambda i: (
            all(any(r for _, r in a) for a in asked[contexts[i]].values()),
            len(contexts[i]) // 200 / len(asked[contexts[i]]),
        )
    )
    used = set[int]()
    for i in order:
        if i in used:
            continue
        near = [int(j) for j in np.argsort(-alike[i])[:40] if j not in used and alike[i, j] > 0.05]
        size = rng.choice([1, 1, 1, 2])
        chosen, other = [contexts[j] for j in (i, *near[: size - 1])], near[size - 1 : size]
        used |= {i, *near[: size - 1]}
        kept = {c: _thinned(c, rng) for c in chosen}
        article = "\n\n".join(kept.values())
        yes, no = list[Item](), list[Item]()
        for context in chosen:
            for question, answers in asked[context].items():
                right = [a.lower() for a, label in answers if label]
                if not right:
                    no.append(Item(question, "", 0, "never had one"))
                    continue
                holding = [s for s in _sentences(context) if any(a in s.lower() for a in right)]
                if holding and all(s in kept[context] for s in holding):
                    yes.append(Item(question, "", 1, "answered"))
                elif holding and not any(a in article.lower() for a in right):
                    no.append(Item(question, "", 0, "left out"))
        foreign = [
            Item(question, "", 0, "of another")
            for j in other
            for question, answers in asked[contexts[j]].items()
            if not any(a.lower() in article.lower() for a, label in answers if label)
        ]
        rng.shuffle(yes)
        rng.shuffle(no)
        items = yes[:QUESTIONS] + no[:QUESTIONS] + foreign[:2]
        rng.shuffle(items)
        if len(items) >= 4:
            yield Example(article, tuple(items))


@dataclass(frozen=True)
class _Source:
    """How articles are made of the contexts of one source."""

    share: int
    """How often it comes, beside the others."""
    contexts: Sequence[int]
    """Of how many an article is made, by chance."""
    most: int
    """Claims of each label."""
    longest: int
    """Characters of a context."""
    least: int = 1
    """Claims of a context."""
    busiest: int = 1
    """Contexts with more claims come first, up to so many; 1: in any order."""


_SOURCES: Mapping[str, _Source] = {
    "squad_qa": _Source(4, (1, 1, 2), 4, 1200, least=2),
    "halueval_qa": _Source(3, (2, 3), 4, 800),
    "fever_nli": _Source(3, (2, 3), 5, 700, least=2, busiest=4),
    "defacto": _Source(4, (1,), 3, 1700, busiest=1000),
    "factcg": _Source(3, (2,), 4, 1100),
    "summedits": _Source(3, (1,), 4, 1500, least=2),
}
_TOO_LONG = ("summedits_qmsumm", "summedits_podcast", "summedits_sales_call")


def supported(path: Path, seed: int) -> Iterator[Example]:
    """Articles with claims, as replies to a question, of all sources in turn.

    As many of one label as of the other, and one more. Those to a question are made a sentence
    where that is plain.
    """
    rng = random.Random(seed)
    claims: dict[str, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(path, "rt") as file:
        for row in map(json.loads, file):
            source = row["source"]
            if source in _TOO_LONG:
                continue
            if source.startswith(("summedits", "factcg")):
                source = source.split("_")[0]
            if source in _SOURCES:
                claims[source][row["context"]].append((row["claim"], row["label"]))
    found = {source: _articles(claims[source], source, rng) for source in _SOURCES}
    turns = [source for source, how in _SOURCES.items() for _ in range(how.share)]
    while found:
        rng.shuffle(turns)
        for source in turns:
            if source in found:
                example = next(found[source], None)
                if example is None:
                    found.pop(source)
                else:
                    yield example


def _articles(
    claims: Mapping[str, Sequence[tuple[str, int]]], source: str, rng: random.Random
) -> Iterator[Example]:
    how = _SOURCES[source]
    contexts = sorted(c for c in claims if len(c) <= how.longest and len(claims[c]) >= how.least)
    rng.shuffle(contexts)
    contexts.sort(key=lambda c: -min(how.busiest, len(claims[c])))
    at = 0
    while at < len(contexts):
        size = rng.choice(how.contexts)
        chosen = contexts[at : at + size]
        at += size
        yes, no = list[Item](), list[Item]()
        for context in chosen:
            for claim, label in claims[context]:
                question, reply = ANYTHING, claim
                if source in ("squad_qa", "halueval_qa") and (parts := _parted(claim)):
                    question, reply = parts[1], _stated(parts[1], parts[2], rng)
                (yes if label else no).append(Item(question, reply, label, source))
        rng.shuffle(yes)
        rng.shuffle(no)
        most = min(how.most, 1 + min(len(yes) or how.most, len(no) or how.most))
        items = yes[:most] + no[:most]
        rng.shuffle(items)
        yield Example("\n\n".join(chosen), tuple(items))


def _parted(claim: str) -> re.Match[str] | None:
    """A question and the answer after it."""
    return re.match(r"(.*?\?)\s+(.+)$", claim, re.DOTALL)


_DOES = r"(?:do|does|did|can|could|will|would|should|has|have|had)\b"


def _stated(question: str, answer: str, rng: random.Random) -> str:
    """A short answer as a sentence, where that is plain, most of the time."""
    if answer.endswith(".") or rng.random() < 0.2:
        return answer
    first = re.match(rf"(?:Who|(?:What|Which)(?: \w+)??) ((?!{_DOES}).+)\?$", question)
    if first:
        return f"{answer[0].upper()}{answer[1:]} {first[1]}."
    last = re.match(r"(.+?),? (?:which|what|who)(?: \w+)?\?$", question)
    return f"{last[1]} {answer}." if last else answer


def _sentences(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentence_spans(text)]


def _thinned(context: str, rng: random.Random) -> str:
    sentences = _sentences(context)
    return " ".join([s for s in sentences if rng.random() > LEFT_OUT] or sentences[:1])
