"""Scripted stand-ins that record what they were sent. No network, no weights."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np

from assistant import Message, prompt
from assistant.llm import Reading, ReplyCut
from index import Vectors


class FakeLLM:
    """Gives the scripted replies one after the other, in pieces of `cut` characters."""

    def __init__(self, *replies: str, cut: int = 4, context: int = 8192) -> None:
        self.name = "fake"
        self.context = context
        self.judges = False
        self.replies = list(replies)
        self.cut = cut
        self.sent: list[list[Message]] = []
        self.banned: list[str] = []
        self.read_ahead: list[list[Message]] = []
        self.scored: list[list[Message]] = []
        self.given = 0
        self.closed = 0
        self.refusal = 0.0001
        self.yes = 0.5
        self.says = 0.9
        self.cuts = False

    def read(self, messages: Sequence[Message], options: Sequence[str] = ()) -> Reading:
        (self.scored if options else self.read_ahead).append(list(messages))
        yield 1, 2
        yield 2, 2
        if list(options) == ["yes", "no"]:
            reply = messages[-1].content.removesuffix(prompt.JUDGE)
            yes = self.says if reply else self.yes
            return [yes, 1 - yes]
        return [self.refusal for _ in options] if options else None

    def stream(
        self, messages: Sequence[Message], max_tokens: int, banned: str = ""
    ) -> Iterator[str]:
        self.sent.append(list(messages))
        self.banned.append(banned)
        reply = self.replies.pop(0)
        try:
            for i in range(0, len(reply), self.cut):
                self.given += 1
                yield reply[i : i + self.cut]
            if self.cuts:
                raise ReplyCut
        finally:
            self.closed += 1

    def count(self, text: str) -> int:
        return len(text) // 4 + 1

    def close(self) -> None:
        self.closed += 1


class FakeEmbedder:
    """Unit vectors by hashed words: texts that share words are similar."""

    def __init__(self, name: str = "fake-embedder", dimensions: int = 64) -> None:
        self.name = name
        self.max_tokens = 256
        self.dimensions = dimensions
        self.embedded: list[str] = []

    def count(self, text: str) -> int:
        return len(text.split())

    def embed_queries(self, texts: list[str]) -> Vectors:
        return self._embed(texts)

    def embed_passages(self, texts: list[str]) -> Vectors:
        self.embedded += texts
        return self._embed(texts)

    def _embed(self, texts: list[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.casefold()):
                row[hashlib.md5(word.encode()).digest()[0] % self.dimensions] += 1
            row /= np.linalg.norm(row) or 1
        return vectors


class FakeChecker:
    """Gives a pair whose claim contains `wanted` the logit 3, any other -3, and records them."""

    name = "fake-checker"

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.pairs: list[tuple[str, str]] = []

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.pairs += pairs
        return [3.0 if self.wanted in claim else -3.0 for _, claim in pairs]
