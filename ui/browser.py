"""What a browser keeps: its conversations, by article, the one spoken of last at the end.

Words of the article are kept as their places, and put back when the conversation is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from assistant import Answer
from assistant.receipt import ANSWER
from index import Article

Saved = dict[str, Any]

NOTHING: Saved = {"article": "", "conversations": {}}

ROOM = 3_000_000
"""Bytes. Browsers give a page about five million characters; encrypted, four of them hold three
bytes."""


def save(saved: Saved, article: Article, said: Sequence[Answer]) -> tuple[Saved, int]:
    """`saved` with this conversation, those on other articles as they were.

    Also how many questions there was no room for: those on other articles go first, then the
    oldest of this one.
    """
    mine = [_packed(a) for a in said]
    kept = [(i, a) for i, a in conversations(saved).items() if i != article.id]
    kept += [(article.id, mine)] if mine else []
    sizes = [[len(json.dumps(a).encode()) for a in asked] for _, asked in kept]
    lost = 0
    while sizes and sum(map(sum, sizes)) > ROOM:
        if len(sizes) > 1:
            lost += len(sizes.pop(0))
            kept.pop(0)
        else:
            lost += 1
            sizes[0].pop(0)
            kept[0][1].pop(0)
    return {"article": article.id, "conversations": dict(kept)}, lost


def conversations(saved: Saved) -> dict[str, list[Any]]:
    """What is kept, by article; nothing of what `save` cannot have written."""
    found = saved.get("conversations") if isinstance(saved, dict) else None
    kept = found.items() if isinstance(found, dict) else ()
    return {i: list(asked) for i, asked in kept if isinstance(asked, list)}


def answers(saved: Saved, article: Article) -> list[Answer]:
    """The conversation about `article` that the browser has, without what cannot be read."""
    found = list[Answer]()
    for packed in conversations(saved).get(article.id, []):
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            found.append(_unpacked(packed, article))
    return found


def _packed(answer: Answer) -> dict[str, Any]:
    packed: dict[str, Any] = ANSWER.dump_python(answer, mode="json")
    for chunk in _chunks(packed):
        del chunk["article_id"], chunk["text"]
    for citation in _citations(packed):
        del citation["quote"]
    return packed


def _unpacked(packed: dict[str, Any], article: Article) -> Answer:
    whole = json.loads(json.dumps(packed))
    for chunk in _chunks(whole):
        chunk |= {"article_id": article.id, "text": _words(article, chunk["span"])}
    for citation in _citations(whole):
        citation["quote"] = _words(article, citation["span"])
    return ANSWER.validate_python(whole)


def _chunks(packed: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for retrieved in packed["retrieved"]:
        yield retrieved["chunk"]


def _citations(packed: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for claim in (*packed["claims"], *packed["rejected"]):
        yield from (*claim["citations"], *claim["counter"])


def _words(article: Article, span: dict[str, int]) -> str:
    return article.text[span["start"] : span["end"]]
