"""A conversation as Markdown and as a page, every sentence with its quotes and where they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from assistant import Answer, Article
from ui.render import VERDICTS


def markdown(article: Article, answers: Sequence[Answer]) -> str:
    """The conversation in Markdown, what comes from the article or the model as plain text."""
    lines = [f"# {_plain(article.title or 'Untitled article')}", ""]
    if facts := " · ".join(f for f in (article.author, article.published, article.source) if f):
        lines += [_plain(facts), ""]
    for answer in answers:
        lines += [f"## {_plain(answer.question)}", ""]
        if answer.abstained:
            lines += [_plain(answer.text), ""]
        for claim in answer.claims:
            lines += [f"{_plain(claim.text)} *({VERDICTS[claim.verdict][1]})*", ""]
            for c in claim.citations:
                place = f"characters {c.span.start} to {c.span.end}"
                lines += [f"> [{c.marker}] {_plain(c.quote)} ({place})", ""]
    lines += [f"Article {article.id} (a hash of its text)."]
    return "\n".join(lines) + "\n"


def page(article: Article, answers: Sequence[Answer]) -> str:
    """The conversation as one HTML page that loads nothing."""
    body = [f"<h1>{escape(article.title or 'Untitled article')}</h1>"]
    for answer in answers:
        body.append(f"<h2>{escape(answer.question)}</h2>")
        if answer.abstained:
            body.append(f"<p>{escape(answer.text)}</p>")
        for claim in answer.claims:
            body.append(
                f"<p>{escape(claim.text)} <em>({escape(VERDICTS[claim.verdict][1])})</em></p>"
            )
            body += [
                f"<blockquote>[{c.marker}] {escape(c.quote)} <small>({c.span.start} to "
                f"{c.span.end})</small></blockquote>"
                for c in claim.citations
            ]
    return (
        "<!doctype html><html><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
        "style-src 'unsafe-inline'\"><title>Conversation</title>"
        "<style>body{font:16px/1.5 serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
        f"</style></head><body>{''.join(body)}<p><small>Article {article.id}</small></p></body>"
        "</html>\n"
    )


def _plain(text: str) -> str:
    """`text` without anything that Markdown or HTML would read as markup, on one line."""
    marked = re.sub(r"([\\`*_\[\]|#~])", r"\\\1", " ".join(text.split()))
    return marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
