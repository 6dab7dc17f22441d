"""A conversation as Markdown and as a page, every sentence with its quotes and where they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from assistant import Answer, Article, Citation, Claim
from ui.render import verdict


def markdown(article: Article, answers: Sequence[Answer]) -> str:
    """The conversation in Markdown, what comes from the article or the model as plain text."""
    lines = [f"# {_plain(_title(article))}", ""]
    if facts := _facts(article):
        lines += [_plain(facts), ""]
    for answer in answers:
        lines += [f"## {_plain(answer.question)}", ""]
        if answer.abstained:
            lines += [_plain(answer.text), ""]
        for claim in answer.claims:
            lines += [f"{_plain(claim.text)} *({_plain(verdict(claim))})*", ""]
            for citation, lead in _quotes(claim):
                place = f"characters {citation.span.start} to {citation.span.end}"
                quote = f"{lead}[{citation.marker}] {_plain(citation.quote)} ({place})"
                lines += [f"> {quote}", ""]
        for notice in _notices(answer):
            lines += [f"*{_plain(notice)}*", ""]
    lines += [f"Article {article.id} (a hash of its text)."]
    return "\n".join(lines) + "\n"


def page(article: Article, answers: Sequence[Answer]) -> str:
    """The conversation as one HTML page that loads nothing."""
    body = [f"<h1>{escape(_title(article))}</h1>"]
    if facts := _facts(article):
        body.append(f"<p>{escape(facts)}</p>")
    for answer in answers:
        body.append(f"<h2>{escape(answer.question)}</h2>")
        if answer.abstained:
            body.append(f"<p>{escape(answer.text)}</p>")
        for claim in answer.claims:
            body.append(f"<p>{escape(claim.text)} <em>({escape(verdict(claim))})</em></p>")
            body += [
                f"<blockquote>{escape(lead)}[{c.marker}] {escape(c.quote)} <small>({c.span.start} "
                f"to {c.span.end})</small></blockquote>"
                for c, lead in _quotes(claim)
            ]
        body += [f"<p><small>{escape(n)}</small></p>" for n in _notices(answer)]
    language = escape(article.language, quote=True)
    return (
        f"<!doctype html><html lang='{language}'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
        "style-src 'unsafe-inline'\"><title>Conversation</title>"
        "<style>body{font:16px/1.5 serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
        f"</style></head><body>{''.join(body)}<p><small>Article {article.id}</small></p></body>"
        "</html>\n"
    )


def _title(article: Article) -> str:
    return article.title or "Untitled article"


def _facts(article: Article) -> str:
    return " · ".join(f for f in (article.author, article.published, article.source) if f)


def _quotes(claim: Claim) -> list[tuple[Citation, str]]:
    """What the claim rests on, and what says otherwise, each with the words that lead to it."""
    against = [(c, "The article says otherwise: ") for c in claim.counter]
    return [(c, "") for c in claim.citations] + against


def _notices(answer: Answer) -> list[str]:
    """What was said of the answer as a whole."""
    left_out = [f"Left out: {c.text} ({verdict(c)})" for c in answer.rejected]
    return [*answer.notices, *left_out]


def _plain(text: str) -> str:
    """`text` without anything that Markdown or HTML would read as markup, on one line."""
    marked = re.sub(r"([\\`*_\[\]|#~])", r"\\\1", " ".join(text.split()))
    return marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
