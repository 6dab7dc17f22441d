"""Turns a follow-up into a question that can be understood alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from assistant import prompt
from assistant.llm import LLM, Message, ReplyCut

MAX_TURNS = 6
"""Messages of the conversation that are looked back at: three questions and answers."""

_MAX_TOKENS = 60
_MAX_CHARACTERS = 600

# Words that point back. A question without any, and not cut short, stands by itself.
_POINTS_BACK = re.compile(
    r"\b(he|him|his|she|her|hers|it|its|they|them|their|theirs|this|that|these|those|there|then|"
    r"one|ones|other|others|another|both|either|neither|former|latter|same|such|else|instead|"
    r"first|second|third|last|above|again|also|more|so|too)\b"
    r"|^(and|but|or|so|what about|how about|why|how come|really|are you sure)\b",
    re.IGNORECASE,
)
_SHORT = 4


def points_back(question: str) -> bool:
    """Whether the question seems to lean on what was said before it."""
    words = question.split()
    return len(words) <= _SHORT or bool(_POINTS_BACK.search(question))


def standalone(question: str, history: Sequence[Message], llm: LLM | None) -> str:
    """`question` itself if it stands alone, else rewritten by the model from the conversation.

    A rewriting that brings in words found neither in the conversation nor in common use in
    questions is not trusted. Without a trusted one, the last question is put before this one.
    """
    if not history or not points_back(question):
        return question
    turns = [Message(m.role, m.content[:_MAX_CHARACTERS]) for m in list(history)[-MAX_TURNS:]]
    if llm is not None:
        reply = ""
        with suppress(ReplyCut):
            for piece in llm.stream(prompt.rewrite(turns, question), _MAX_TOKENS):
                reply += piece
        reply = reply.strip()
        rewritten = reply.splitlines()[0].removeprefix("User:").strip() if reply else ""
        if _faithful(rewritten, question, turns):
            return rewritten
    earlier = next((m.content for m in reversed(turns) if m.role == "user"), "")
    return f"{earlier} {question}".strip()


def _faithful(rewritten: str, question: str, turns: Sequence[Message]) -> bool:
    said = {*_stems(question), *(w for m in turns for w in _stems(m.content))}
    new = [w for w in _stems(rewritten) if w not in said]
    return rewritten.endswith("?") and len(new) <= max(1, len(_stems(rewritten)) // 4)


def _stems(text: str) -> list[str]:
    # The first five letters: enough to see that a word is one of those that were said.
    return [w[:5] for w in re.findall(r"\w+", text.casefold()) if len(w) > 3]
