"""A conversation as a receipt: every sentence with its quotes and their places, to check again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.answer import NO_ANSWER, Answer, Assistant
from assistant.verify import Verdict
from index import Article, ArticleError

SCHEMA = "article-assistant/receipt/1"

_ORDER: tuple[Verdict, ...] = ("supported", "partly", "not in article", "contradicted")

ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)


def receipt(article: Article, answers: Sequence[Answer]) -> dict[str, Any]:
    """The conversation about `article`, as values that JSON has."""
    return {
        "schema": SCHEMA,
        "article": {
            "id": article.id,
            "title": article.title,
            "source": article.source,
            "author": article.author,
            "published": article.published,
        },
        "answers": [a.as_dict() for a in answers],
    }


def read_receipt(path: Path) -> tuple[str, list[Answer]]:
    """The id of the article and the answers. Raises ArticleError if the file is no receipt."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["schema"] != SCHEMA:
            raise ArticleError(f"{str(path)!r} has schema {found['schema']!r}, not {SCHEMA!r}.")
        return str(found["article"]["id"]), [ANSWER.validate_python(a) for a in found["answers"]]
    except FileNotFoundError:
        raise ArticleError(f"No such file: {str(path)!r}. Check the path.") from None
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise ArticleError(f"{str(path)!r} is not a receipt: {_first(error)}.") from None


def verify(article_id: str, answers: Sequence[Answer], assistant: Assistant) -> list[str]:
    """What of a receipt does not hold against the assistant's article; nothing if all of it does.

    The article is the same to the letter, every quote stands where it is said to stand, each
    sentence shown is checked again against what it cites and is not worse, and nothing else is
    shown. The model is not asked again: its judgement of a sentence is taken from the receipt, and
    that a question was refused is not checked.
    """
    article = assistant.article
    if article.id != article_id:
        return [f"the article is another one: its hash is {article.id}, not {article_id}"]
    wrong: list[str] = []
    for answer in answers:
        for claim in answer.claims:
            for c in (*claim.citations, *claim.counter):
                if article.text[c.span.start : c.span.end] != c.quote:
                    place = f"{c.span.start} to {c.span.end}"
                    wrong.append(f"{c.quote!r} does not stand at {place}")
            verdict = assistant.recheck(claim, answer.standalone)
            if _ORDER.index(verdict) > _ORDER.index(claim.verdict):
                wrong.append(f"{claim.text!r} is {verdict}, not {claim.verdict}")
        shown = " ".join(c.text for c in answer.claims) or (NO_ANSWER if answer.abstained else "")
        if answer.text.split() != shown.split() or (answer.abstained and answer.claims):
            wrong.append(f"{answer.text!r} is not made of its sentences")
    return wrong


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return f"{type(error).__name__} {error}".splitlines()[0]
