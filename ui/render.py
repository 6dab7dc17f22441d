"""What is drawn, as HTML in which everything from an article, a model or a reader is escaped."""

from __future__ import annotations

import re
from html import escape

from assistant import Answer, Article, Claim
from index import Span

# Mark and words, so that a verdict is not told by colour alone.
VERDICTS = {
    "supported": ("✓", "supported by the article"),
    "partly": ("◐", "partly supported"),
    "contradicted": ("✗", "contradicted by the article"),
    "not in article": ("?", "not found in the article"),
}
_AROUND = 120


def message(answer: Answer) -> str:
    """The answer as it stands in the chat: sentences with the numbers of their citations."""
    if answer.abstained:
        return plain(answer.text)
    parts: list[str] = []
    for claim in answer.claims:
        marks = "".join(f"[{c.marker}]" for c in claim.citations)
        mark = VERDICTS[claim.verdict][0]
        parts.append(f"{plain(claim.text)} {marks} {mark}".strip())
    return "\n\n".join([" ".join(parts), *map(plain, answer.notices)]).strip()


def plain(text: str) -> str:
    """`text` for the chat, which shows HTML even where Markdown is off.

    Only what would begin a tag or an entity is escaped: the rest is copied as it stands.
    """
    return re.sub(r"&(?=#?\w+;)", "&amp;", text).replace("<", "&lt;")


def drawn(content: object) -> str:
    """The text of a chat message, which Gradio gives as a string or as a list of blocks."""
    if isinstance(content, list):
        return "".join(b.get("text", "") for b in content if isinstance(b, dict))
    return str(content)


def evidence(answer: Answer, article: Article) -> str:
    """The panel beside the chat: each sentence, its verdict, and the article's words."""
    shown = "".join(_claim(claim, article) for claim in answer.claims) or passages(answer)
    return shown + _left_out(answer, article)


def _left_out(answer: Answer, article: Article) -> str:
    """What the model wrote and is not shown in the chat, with what says otherwise."""
    if not answer.rejected:
        return ""
    drawn = "".join(_claim(claim, article) for claim in answer.rejected)
    return (
        "<details><summary>Left out: what the model wrote and the article does not support"
        f"</summary>{drawn}</details>"
    )


def passages(answer: Answer) -> str:
    """The passages nearest to the question: while the model works, and when it has no answer."""
    if not answer.retrieved:
        return ""
    head = "Nearest passages" if answer.abstained else "Looking at these passages"
    quotes = "".join(
        f"<blockquote>{escape(p.chunk.text)}</blockquote>" for p in answer.retrieved[:3]
    )
    return f"<h3>{head}</h3>{quotes}"


def _claim(claim: Claim, article: Article) -> str:
    mark, words = VERDICTS[claim.verdict]
    missing = ""
    if claim.missing and claim.verdict != "supported":
        missing = f" <span class='missing'>not found: {escape(', '.join(claim.missing))}</span>"
    quotes = "".join(
        f"<blockquote><b>[{c.marker}]</b> {in_context(article, c.span)}</blockquote>"
        for c in claim.citations
    )
    quotes += "".join(
        f"<p>The article says otherwise:</p><blockquote>{in_context(article, c.span)}</blockquote>"
        for c in claim.counter
    )
    kind = claim.verdict.replace(" ", "-")
    return (
        f"<section class='claim {kind}'><p>{escape(claim.text)}</p>"
        f"<p class='verdict'><span aria-hidden='true'>{mark}</span> {words}{missing}</p>"
        f"{quotes}</section>"
    )


def in_context(article: Article, span: Span) -> str:
    """The words at `span`, marked, with a little of what stands around them."""
    before = article.text[max(0, span.start - _AROUND) : span.start]
    after = article.text[span.end : span.end + _AROUND]
    if span.start > _AROUND:
        before = "…" + before.partition(" ")[2]
    if span.end + _AROUND < len(article.text):
        after = after.rpartition(" ")[0] + "…"
    return (
        f"<span class='around'>{escape(before)}</span><mark>{escape(article.quote(span))}</mark>"
        f"<span class='around'>{escape(after)}</span>"
    )


def about(article: Article) -> str:
    """The line above the chat: what article this is."""
    facts = [article.author, article.published, f"{len(article.text.split()):,} words"]
    title = escape(article.title or "Untitled article")
    return f"<h2>{title}</h2><p>{escape(' · '.join(f for f in facts if f))}</p>"


def whole(article: Article) -> str:
    """The article as it was read, and the lines that were left out."""
    text = "".join(f"<p>{escape(p)}</p>" for p in article.text.split("\n") if p)
    left = "".join(f"<li>{escape(line)}</li>" for line in article.dropped)
    return f"{text}<h4>Left out as not the article's own</h4><ul>{left}</ul>" if left else text
