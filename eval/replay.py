"""Keeps what a language model said, so that what is done with it can be measured again at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from assistant import LLM, Message
from assistant.llm import Reading, ReplyCut, Token, finish


class Replay:
    """A language model that answers from a file what it was asked before, else asks `llm`.

    The file holds JSON lines, keyed by the model's name and all that it was sent; generation is
    greedy, so the same prompt has the same reply.
    """

    def __init__(self, llm: LLM, path: Path) -> None:
        self._llm = llm
        self._path = path
        self.name = llm.name
        self.context = llm.context
        self.judges = llm.judges
        self.asked = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        lines = (json.loads(line) for line in path.read_text().splitlines())
        self._known = {line["key"]: line["value"] for line in lines}

    def read(self, messages: Sequence[Message], options: Sequence[str] = ()) -> Reading:
        """Reads nothing ahead: a reply that is known needs no reading."""
        yield 1, 1
        if not options:
            return None
        key = self._key("score", messages, list(options))
        if key not in self._known:
            self.asked += 1
            self._keep(key, (yield from self._llm.read(messages, options)))
        return self._known[key]  # type: ignore[no-any-return]

    def stream(
        self, messages: Sequence[Message], max_tokens: int, banned: str = ""
    ) -> Iterator[str]:
        key = self._key("stream", messages, [max_tokens, banned] if banned else max_tokens)
        if key not in self._known:
            self.asked += 1
            # Long articles take longer than a request may be silent.
            finish(self._llm.read(messages))
            pieces, cut = list[tuple[str, list[float]]](), False
            try:
                for piece in self._llm.stream(messages, max_tokens, banned):
                    pieces.append((piece, list(getattr(piece, "logprobs", ()))))
            except ReplyCut:
                cut = True
            self._keep(key, [pieces, cut])
        pieces, cut = self._known[key]
        for text, logprobs in pieces:
            yield Token(text, logprobs) if logprobs else text
        if cut:
            raise ReplyCut

    def count(self, text: str) -> int:
        key = self._key("count", (), text)
        if key not in self._known:
            self._keep(key, self._llm.count(text))
        return self._known[key]  # type: ignore[no-any-return]

    def close(self) -> None:
        self._llm.close()

    def _key(self, kind: str, messages: Sequence[Message], rest: object) -> str:
        asked = json.dumps([self.name, kind, [asdict(m) for m in messages], rest])
        return hashlib.sha256(asked.encode()).hexdigest()

    def _keep(self, key: str, value: object) -> None:
        self._known[key] = value
        with self._path.open("a") as file:
            file.write(json.dumps({"key": key, "value": value}, ensure_ascii=False) + "\n")
