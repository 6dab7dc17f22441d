"""What the adapter of the packaged model is trained on: articles with items to be judged.

    python -m eval.adapter_data ../shared/data/train_nli.jsonl.gz --out .reports/prompts.npz

Reads JSON lines with source, context, claim and label (1: the context supports the claim, which
may be a question and an answer to it), and writes the prompts as the engine reads them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import prompt
from assistant.engine import model_path
from assistant.llm import Endpoint, Message
from assistant.local import LocalLLM
from assistant.models import no_progress
from assistant.settings import read as read_settings
from eval.train_checker import changed
from index import sentence_spans

LEFT_OUT = 0.22
QUESTIONS = 10
"""Of each label, at most, of one article."""

LONGEST = 7000
"""Characters of a context."""

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

    An article is one context of squad_qa or up to three that are alike, about one sentence in five
    left out. Asked are questions whose answer is still there, whose answer was left out, that never
    had one (SQuAD 2), and some of another context.
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
        size = rng.choice([1, 1, 2, 3])
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


_SOURCES: Mapping[str, tuple[Sequence[int], int]] = {
    "squad_qa": ((1, 1, 2), 20_000),
    "halueval_qa": ((2, 3), 20_000),
    "fever_nli": ((1, 2, 3), 10_000),
    "mnli_binary": ((1, 2, 3), 8_000),
    "snli": ((1,), 3_000),
    "defacto": ((1,), 20_000),
    "factcg": ((1, 2), 20_000),
    "summedits": ((1,), 20_000),
}
"""Of how many contexts an article is made, by chance, and how many claims are taken."""

_CHANGED = 0.35
"""How many of the supported claims come a second time, with one fact changed."""

_WITH_NAMES = ("squad_qa", "halueval_qa", "defacto", "factcg", "summedits")


def supported(path: Path, seed: int) -> Iterator[Example]:
    """Articles with claims, as replies to a question.

    Those to a question are made a sentence where that is plain. Some that are supported, and
    sentences of the articles themselves, come again with a number, a name, a role or a denial
    changed, by `eval.train_checker.changed`.
    """
    rng = random.Random(seed)
    claims: dict[str, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(path, "rt") as file:
        for row in map(json.loads, file):
            source = row["source"]
            if source.startswith(("summedits", "factcg")):
                source = source.split("_")[0]
            if source in _SOURCES and len(row["context"]) <= LONGEST:
                claims[source][row["context"]].append((row["claim"], row["label"]))
    for source, (sizes, most) in _SOURCES.items():
        contexts = sorted(claims[source])
        rng.shuffle(contexts)
        while contexts and most > 0:
            size = rng.choice(sizes)
            chosen, contexts = contexts[:size], contexts[size:]
            article = "\n\n".join(chosen)
            items = [i for c in chosen for i in _items(claims[source][c], source, article, rng)]
            most -= len(items)
            yield Example(article, tuple(items))


def _items(
    claims: Sequence[tuple[str, int]], source: str, article: str, rng: random.Random
) -> Iterator[Item]:
    for claim, label in claims:
        question, reply = ANYTHING, claim
        if source in ("squad_qa", "halueval_qa") and (parts := _parted(claim)):
            question, reply = parts[1], _stated(parts[1], parts[2], rng)
        yield Item(question, reply, label, source)
        again = label and source in _WITH_NAMES and rng.random() < _CHANGED
        if again and (wrong := _changed(reply, article, rng)):
            yield Item(question, wrong, 0, source)
    quote = rng.choice(_sentences(article))
    if source in _WITH_NAMES and (wrong := _changed(quote, article, rng)):
        yield Item(ANYTHING, wrong, 0, source)
        yield Item(ANYTHING, quote, 1, source)


def _changed(claim: str, article: str, rng: random.Random) -> str | None:
    """`claim` with one fact changed, but for a speaker put before it: that it could be told by."""
    wrong = changed(claim, article, rng)
    return wrong if wrong and wrong != claim and not wrong.endswith(claim[1:]) else None


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


class Tokens:
    """Prompts as the packaged model reads them."""

    def __init__(self, llm: Endpoint) -> None:
        self._llm = llm
        self.yes, self.no = (ids[0] for ids in self._cut(["Yes", "No"]))
        self.invocation = self._cut([prompt.JUDGE])[0]

    def _cut(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each of `texts`."""
        end = self._get([_END])[0]
        made: list[list[int]] = []
        for at in range(0, len(texts), 2000):
            content = [part for text in texts[at : at + 2000] for part in (text, end)]
            made.append([])
            for token in self._get(content):
                if token == end:
                    made.append([])
                else:
                    made[-1].append(token)
            made.pop()
        assert len(made) == len(texts)
        return made

    def _get(self, content: list[Any]) -> list[int]:
        body = {"content": content, "parse_special": True, "add_special": False}
        return list(self._llm._get("/tokenize", body)["tokens"])

    def prompts(self, asked: Sequence[tuple[str, Item]]) -> dict[str, NDArray[Any]]:
        """The prompts of items asked of articles, as the arrays that eval.train_adapter reads.

        prefix: what all begin with, up to the article; read and read_ends: the articles, one after
        the other; turn and turn_ends: what follows one, question and reply; of: the article of
        each; invocation: what all end with, which is read with the adapter; label; kind: the index
        of each in kinds.
        """
        turns = [prompt.judged(prompt.answer(a, i.question), i.reply) for a, i in asked]
        texts = [f"{_turns(t[:-1])}<|im_start|>assistant\n{t[-1].content}" for t in turns]
        body = {"messages": [{"role": m.role, "content": m.content} for m in turns[0]]}
        assert texts[0] == self._llm._get("/apply-template", body)["prompt"]
        # Not looked for: an article may have these words, too.
        start = len(_turns(turns[0][:-2])) + len(_BEGINS)
        # The words before a question end a line, which is where tokens end, too.
        ends = [text.rindex(_ASKED) + len(_ASKED) - len("Question") for text in texts]
        read = [text[start:end] for text, end in zip(texts, ends, strict=True)]
        first = list(dict.fromkeys(read))
        place = {text: i for i, text in enumerate(first)}
        after = [t[end:].removesuffix(prompt.JUDGE) for t, end in zip(texts, ends, strict=True)]
        articles, last = self._cut(first), self._cut(after)
        kinds = sorted({i.kind for _, i in asked})
        return {
            "prefix": np.array(self._cut([texts[0][:start]])[0]),
            "read": np.concatenate(articles),
            "read_ends": np.cumsum([len(r) for r in articles]),
            "turn": np.concatenate(last),
            "turn_ends": np.cumsum([len(t) for t in last]),
            "of": np.array([place[r] for r in read]),
            "label": np.array([i.label for _, i in asked]),
            "kind": np.array([kinds.index(i.kind) for _, i in asked]),
            "kinds": np.array(kinds),
            "answers": np.array([self.yes, self.no]),
            "invocation": np.array(self.invocation),
        }


_BEGINS = "<|im_start|>user\nArticle:\n\n"
_ASKED = "\n\nEnd of the article.\n\nQuestion"
_END = "<|endoftext|>"


def _turns(messages: Sequence[Message]) -> str:
    return "".join(f"<|im_start|>{m.role}\n{m.content}<|im_end|>\n" for m in messages)


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the prompts to train with."""
    parser = argparse.ArgumentParser(prog="python -m eval.adapter_data", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    found = list[Example]()
    # Other sentences are left out, other contexts put together, other facts changed.
    for seed in range(args.seed, args.seed + 3):
        found += [*supported(args.data, seed), *answerable(args.data, seed)]
    asked = [(e.article, item) for e in found for item in e.items]
    llm = LocalLLM(model_path(read_settings(), no_progress))
    np.savez_compressed(args.out, allow_pickle=False, **Tokens(llm).prompts(asked))
    llm.close()
    print(f"{len(asked)} prompts on {len(found)} articles")
    return 0


if __name__ == "__main__":
    sys.exit(main())
