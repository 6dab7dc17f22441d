"""Turns a follow-up into a question that can be understood alone."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import suppress

from assistant import prompt
from assistant.llm import LLM, Message, ReplyCut
from assistant.words import terms

MAX_TURNS = 6
"""Messages of the conversation that are looked back at: three questions and answers."""

_MAX_TOKENS = 60
_MAX_CHARACTERS = 600

# Words that point back. A question without any, and not cut short, stands by itself.
_POINTS_BACK = re.compile(
    r"\b(he|him|his|she|her|hers|it|its|they|them|their|theirs|this|that|these|those|there|then|"
    r"one|ones|other|others|another|both|either|neither|former|latter|same|such|else|instead|"
    r"above|again|also|more|so|too)\b"
    r"|^(and|but|or|so|what about|how about|how come|really|are you sure)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"^(und|aber|oder)\b|\b(er|sie|ihn|ihm|ihr|ihre[mnrs]?|dort|dies\w*|dabei|davon|dafür|damit)\b"
    r"|^¿?(y|pero|o)\b|\b(él|ella|ellos|ellas|eso|esto|allí|ahí|su|sus)\b",
    re.IGNORECASE,
)
"""The same in German and Spanish."""
_PRONOUN = re.compile(
    r"\b(he|him|his|she|hers?|its?|they|them|theirs?|this|that|these|those|there|ones?)\b",
    re.IGNORECASE,
)
_BE = "is|are|was|were|has|have|had|will|would|can|could|may|might|must|should|do|does|did"
_NO_POINTER = re.compile(
    rf"\b(?:{_BE}|be|been) there\b|\bthere (?:{_BE})\b"
    rf"|(?<=\w)(?<!\b(?:is|of|do|by|to|in|on|if))(?<!\b(?:was|are|did|why|how|and|but|for))"
    rf"(?<!\b(?:were|does|when|with|than))(?<!\babout)(?<!\bafter)(?<!\bbefore) that (?={_BE}\b)",
    re.IGNORECASE,
)
"""“There is”, and "that" after a noun of which it tells more."""

_CLAUSE = re.compile(
    rf"^¿?(?:(?:who|whom|whose|when|where|why|how|{_BE}) (?!much\b|many\b)|"
    r"(?:what|which|how (?:much|many)) \S+ |"
    r"(?:we[rnm]|wann|wo|warum|wieso|quién(?:es)?|cuándo|dónde|cómo) |"
    r"(?:was|welche[rmns]?|wie(?: viele?)?|qué|cuál(?:es)?|cuánt[oa]s?|por qué) \S+ )\S",
    re.IGNORECASE,
)
"""How a question begins that says enough by itself, however short: "Who won?", and not "Which?"."""

_OWNED = re.compile(
    r"^\W*\w+ (?:.* )?(?:(?:the|an?) [a-z][\w’'-]+|(?-i:[A-Z][\w’'-]+)) (?:.* )?"
    r"(?P<its>its|their|his|her) (?=\w)",
    re.IGNORECASE,
)
"""What is somebody's who is named before in the same question: "does the city pay on its debt"."""

_SHORT = 4
_LONG = 16


def points_back(question: str) -> bool:
    """Whether the question seems to lean on what was said before it."""
    words = question.split()
    return len(words) <= _SHORT or _has_pointer(question)


def _has_pointer(question: str) -> bool:
    rest = _NO_POINTER.sub(" ", question)
    if owned := _OWNED.match(rest):
        rest = rest[: owned.start("its")] + rest[owned.end("its") :]
    pointer = _POINTS_BACK.search(rest) or _ELSEWHERE.search(rest)
    return bool(pointer or _ORDINAL.search(question))


def standalone(
    question: str, history: Sequence[Message], llm: LLM | None
) -> Generator[None, None, str]:
    """Returns `question` itself if it stands alone, else rewritten from the conversation.

    "The second one" is looked up in what the last answer listed; the rest is left to the model. A
    rewriting is not trusted that brings in words that nobody said, leaves a pronoun as it was, or
    has less than half of what the question says.
    Without a trusted one, a short question gets the one before it in front; a long one is left, and
    one that is short and says enough.
    Yields while the model works, which closing it stops.
    """
    if not history or not points_back(question):
        return question
    turns = [Message(m.role, m.content[:_MAX_CHARACTERS]) for m in list(history)[-MAX_TURNS:]]
    answered = next((m.content for m in reversed(turns) if m.role == "assistant"), "")
    named = _name_ordinals(question, listed(answered))
    if named != question and not _has_pointer(named):
        return named
    question = named
    if llm is not None:
        reply = ""
        with suppress(ReplyCut):
            for piece in llm.stream(prompt.rewrite(turns, question), _MAX_TOKENS):
                reply += piece
                yield
        reply = reply.strip()
        rewritten = reply.splitlines()[0].removeprefix("User:").strip() if reply else ""
        if _faithful(rewritten, question, turns):
            return rewritten
    enough = not _has_pointer(question) and _CLAUSE.match(question) and terms(question)
    if enough or len(question.split()) > _LONG:
        return question
    earlier = next((m.content for m in reversed(turns) if m.role == "user"), "")
    return f"{earlier} {question}".strip()


def repeats(sentence: str, answered: str) -> bool:
    """Whether an earlier answer, `answered`, said nearly all that `sentence` says."""
    said = set(terms(sentence))
    return bool(said) and len(said & set(terms(answered))) >= _NEARLY * len(said)


_NEARLY = 0.8

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
_ORDINAL = re.compile(
    rf"\bthe (?P<nth>{'|'.join(_ORDINALS)}|last|former|latter)"
    r"(?: one| of (?:them|these|those|the \w+)|(?=\s*[?.,;]|$))",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_INTRODUCED = re.compile(
    r"^.*?(?::|\b(?:are|were|is|was|includ(?:es?|ed|ing)|namely)\b:?)\s*", re.DOTALL
)


def listed(text: str) -> list[str]:
    """The items of the list in `text`: its lines, if it has several, else "a, b and c"."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 or any(map(_BULLET.match, lines)):
        items = [line for line in lines if not line.rstrip().endswith(":")]
        return [_BULLET.sub("", i).strip().rstrip(".;,") for i in items]
    head, *rest = re.split(r",\s+(?:and\s+|or\s+)?|;\s+(?:and\s+)?", text.strip().rstrip("."))
    items = [_INTRODUCED.sub("", head) or head, *rest]
    if not re.search(r",\s+(?:and|or)\s", text):
        # Without a comma before "and", the last two items are still in one.
        items[-1:] = re.split(r"\s+and\s+", items[-1], maxsplit=1)
    return [i.strip() for i in items if i.strip()] if len(items) > 1 else []


def _name_ordinals(question: str, items: Sequence[str]) -> str:
    def name(match: re.Match[str]) -> str:
        nth = match["nth"].lower()
        if nth in ("last", "latter"):
            return items[-1]
        place = _ORDINALS.index(nth) if nth != "former" else 0
        return items[place] if place < len(items) else match[0]

    return _ORDINAL.sub(name, question) if items else question


def _faithful(rewritten: str, question: str, turns: Sequence[Message]) -> bool:
    asked = set(_stems(_POINTS_BACK.sub(" ", question)))
    said = {*_stems(question), *(w for m in turns for w in _stems(m.content))}
    new = [w for w in _stems(rewritten) if w not in said]
    same = not set(_stems(rewritten)) - set(_stems(question))
    resolved = not (same and (_PRONOUN.search(question) or _ELSEWHERE.search(question)))
    few = len(new) <= max(1, len(_stems(rewritten)) // 4)
    kept = 2 * len(asked.intersection(_stems(rewritten))) >= len(asked)
    return rewritten.endswith("?") and resolved and few and kept


def _stems(text: str) -> list[str]:
    # The first five letters: enough to see that a word is one of those that were said.
    return [w[:5] for w in re.findall(r"\w+", text.casefold()) if len(w) > 3]
