"""What is drawn, as HTML in which everything from an article, a model or a reader is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from html import escape, unescape
from itertools import groupby

from assistant import Answer, Article, Citation, Claim
from assistant.voice import Source
from index import Span
from ui.pace import Work

# Mark and words, so that a verdict is not told by colour alone.
VERDICTS = {
    "supported": ("✓", "supported"),
    "partly": ("◐", "partly supported"),
    "contradicted": ("✗", "contradicted by the article"),
    "not in article": ("?", "not found in the article"),
}
SOURCES = {
    "author": "The author",
    "named": "Named sources",
    "anonymous": "Sources without a name",
    "document": "Documents",
}
_LOOKING = "Looking at these passages"
_AROUND = 120
_NEAREST = 2

_BYLINE = "p class='byline'"
_BODY = 4
"""Title, subtitle, author and date come before it."""

_LIST = "ul class='items'"
_TABLE = "table class='rows'"

_HEADING = re.compile(r"#{1,6} ")
_MARK = re.compile(r"(?:#{1,6}|[-*•]) +")
_ITEM = re.compile(r"(?:[-*•]|\d{1,2}[.)]) ")
_ROW = re.compile(r"\|.*\|$")


def message(answer: Answer, article: Article) -> str:
    """The answer as it stands in the chat: sentences with verdicts and citations."""
    if answer.abstained:
        drawn = f"<p class='refusal'><span aria-hidden='true'>∅</span> {escape(answer.text)}</p>"
        drawn += _nearest(answer, article)
    else:
        drawn = "".join(_claim(claim, article) for claim in answer.claims)
    drawn += _left_out(answer, article)
    return drawn + "".join(f"<p class='notice'>{escape(n)}</p>" for n in answer.notices)


def progress(answer: Answer, article: Article, doing: Work | str) -> str:
    """What is shown before the first sentence: what is being done, and the nearest passages."""
    return f"<div class='doing'>{work(doing)}</div>{_nearest(answer, article)}"


def work(doing: Work | str) -> str:
    """What is being done; with a bar if it is known how far it is."""
    if isinstance(doing, str):
        return note(doing)
    label = escape(doing.doing, quote=True)
    return (
        f"<p class='notice'><progress max='1' value='{doing.part:.3f}' aria-label='{label}'>"
        f"</progress> {escape(str(doing))}</p>"
    )


def note(text: str) -> str:
    """A message of the page itself."""
    return f"<p class='notice'>{escape(text)}</p>"


def asked(question: str) -> str:
    """The reader's question. As much as can be stays as it is: it is edited as it is drawn."""
    if unescape(question) != question:
        question = question.replace("&", "&amp;")
    return question.replace("<", "&lt;")


def drawn(content: object) -> str:
    """The text of a chat message, which Gradio gives as a string or as a list of blocks."""
    if isinstance(content, list):
        return "".join(b.get("text", "") for b in content if isinstance(b, dict))
    return str(content)


def verdict(claim: Claim) -> str:
    """The verdict in words, with what is doubtful."""
    words = VERDICTS[claim.verdict][1]
    return f"{words}; {claim.doubt}" if claim.doubt else words


def _claim(claim: Claim, article: Article) -> str:
    mark, words = VERDICTS[claim.verdict][0], verdict(claim)
    cites = " ".join(cite(c, article) for c in claim.citations)
    counter = "".join(
        f"<p class='counter'>The article says otherwise: “{escape(c.quote.strip('“”'))}” "
        f"{cite(c, article)}</p>"
        for c in claim.counter
    )
    kind = claim.verdict.replace(" ", "-")
    return (
        f"<p class='claim {kind}'>{escape(claim.text)} {cites} "
        f"<span class='verdict'><span aria-hidden='true'>{mark}</span> {escape(words)}</span></p>"
        f"{counter}"
    )


def cite(citation: Citation, article: Article) -> str:
    """A numbered citation: its quote on hover or focus, its place in the article on click."""
    number, quote = citation.marker, escape(citation.quote, quote=True)
    return (
        f"<button type='button' class='cite' data-start='{citation.span.start}' "
        f"aria-label='Quote {number}: {quote}'>{number}"
        f"<span class='tip' role='tooltip' lang='{escape(article.language)}'>"
        f"{in_context(article, citation.span)}</span></button>"
    )


def place(article: Article, span: Span) -> str:
    """A sentence of the article as a link to where it stands."""
    return (
        f"<button type='button' class='place' data-start='{span.start}' "
        f"lang='{escape(article.language)}'>"
        f"{escape(article.quote(span))}</button>"
    )


def _nearest(answer: Answer, article: Article) -> str:
    """The passages nearest to the question: while the model works, and when it has no answer."""
    if not answer.retrieved:
        return ""
    quotes = "".join(
        f"<li>{place(article, span)}</li>"
        for p in answer.retrieved[:_NEAREST]
        for span in article.sentences
        if span.overlaps(p.chunk.span)
    )
    head, shut = ("Nearest passages", "") if answer.abstained else (_LOOKING, " open")
    return f"<details class='nearest'{shut}><summary>{head}</summary><ul>{quotes}</ul></details>"


def _left_out(answer: Answer, article: Article) -> str:
    """What the model wrote and is not shown, with what says otherwise."""
    if not answer.rejected:
        return ""
    claims = "".join(_claim(claim, article) for claim in answer.rejected)
    return (
        "<details class='left-out'><summary>Left out: what the model wrote and the article does "
        f"not support</summary>{claims}</details>"
    )


def in_context(article: Article, span: Span) -> str:
    """The words at `span`, marked, with a little of what stands around them."""
    before = article.text[max(0, span.start - _AROUND) : span.start]
    after = article.text[span.end : span.end + _AROUND]
    if span.start > _AROUND:
        before = "…" + before.partition(" ")[2]
    if span.end + _AROUND < len(article.text):
        after = after.rpartition(" ")[0] + "…"
    return f"{escape(before)}<mark>{escape(article.quote(span))}</mark>{escape(after)}"


def about(article: Article) -> str:
    """The line above the article: what it is."""
    facts = [article.author, article.published, f"{len(article.text.split()):,} words"]
    if article.source.startswith(("http://", "https://")):
        facts.append(article.source)
    return f"<p class='facts'>{escape(' · '.join(f for f in facts if f))}</p>"


def reader(article: Article, answers: Sequence[Answer] = ()) -> str:
    """The article to be read: every sentence can be found by where it starts.

    Sentences that an answer cites are marked as used, others of the nearest passages as looked at.
    """
    used = {c.span for a in answers for c in a.citations}
    looked = {
        s
        for a in answers
        for r in a.retrieved[:_NEAREST]
        for s in article.sentences
        if s.overlaps(r.chunk.span)
    }
    lines: dict[int, list[Span]] = {}
    for span in article.sentences:
        lines.setdefault(article.text.rfind("\n", 0, span.start) + 1, []).append(span)
    body, head = list[str](), 0
    if article.title and not article.text.lstrip("# ").startswith(article.title):
        body, head = [f"<h2>{escape(article.title)}</h2>"], 1
    blocks = list[tuple[str, str]]()
    for start, spans in lines.items():
        line = article.text[start : spans[-1].end]
        tag = _tag(line, head)
        head = head + 1 if tag in ("h2", _BYLINE) else _BODY
        if tag == _TABLE and len(spans) == 1:
            blocks.append((tag, _row(article, spans[0], used, looked)))
            continue
        tag = "p class='row'" if tag == _TABLE else tag
        inner = " ".join(_sentence(article, s, used, looked) for s in spans)
        blocks.append((tag, f"<li>{inner}</li>" if tag == _LIST else inner))
    # Items make a list, and rows a table.
    for tag, group in groupby(blocks, key=lambda b: b[0]):
        inners = [inner for _, inner in group]
        for inner in ["".join(inners)] if tag in (_LIST, _TABLE) else inners:
            body.append(f"<{tag}>{inner}</{tag.split()[0]}>")
    legend = (
        "<p class='legend'><span class='key used'></span> cited in an answer "
        "<span class='key looked'></span> looked at, not cited</p>"
        if answers
        else ""
    )
    text = "".join(body)
    return (
        f"{about(article)}{legend}<div class='pane' tabindex='0' role='region' "
        f"data-answers='{len(answers)}' aria-label='Article'>"
        f"<article lang='{escape(article.language)}'>{text}</article></div>"
    )


def _tag(line: str, head: int) -> str:
    """What a line is: `head` counts the lines since the first, until the body begins."""
    short = len(line.split()) <= 25
    if head == 0 and short:
        return "h2"
    if _HEADING.match(line):
        return "h3"
    if head < _BODY and len(line.split()) <= 9:
        return _BYLINE
    if _ITEM.match(line):
        return _LIST
    if _ROW.match(line.strip()):
        return _TABLE
    if len(line.split()) <= 9 and line[-1:].isalnum():
        return "h3"
    return "p"


def _attributes(span: Span, used: Set[Span], looked: Set[Span]) -> str:
    kind = " used" if span in used else " looked" if span in looked else ""
    said = {"": "", " used": " title='cited in an answer'", " looked": " title='looked at'"}[kind]
    return f"class='s{kind}' data-start='{span.start}' tabindex='-1'{said}"


def _sentence(article: Article, span: Span, used: Set[Span], looked: Set[Span]) -> str:
    """The sentence; the mark of a heading or an item is there and not seen."""
    quote = article.quote(span)
    mark = _MARK.match(quote)
    hidden, seen = (mark[0], quote[mark.end() :]) if mark else ("", quote)
    drawn = f"<span class='mark'>{escape(hidden)}</span>" if hidden else ""
    return f"<span {_attributes(span, used, looked)}>{drawn}{escape(seen)}</span>"


def _row(article: Article, span: Span, used: Set[Span], looked: Set[Span]) -> str:
    """A row of a table; the bars between its cells are there and not seen."""
    quote = article.quote(span)
    bar = "<span class='mark'>|</span>"
    cells = quote.strip().strip("|").split("|")
    rule = "" if re.search(r"\w", quote) else " hidden"
    drawn = "".join(f"<td>{bar}{escape(cell)}</td>" for cell in cells)
    return f"<tr {_attributes(span, used, looked)}{rule}>{drawn}</tr>"


def dropped(article: Article) -> str:
    """The lines that were left out when the article was read."""
    if not article.dropped:
        return "<p>Nothing was left out.</p>"
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in article.dropped)}</ul>"


def summary(article: Article, spans: Sequence[Span]) -> str:
    """The sentences that say most of the article, each linked to its place."""
    items = "".join(f"<li>{place(article, s)}</li>" for s in spans)
    return f"<p class='notice'>In the article's own words:</p><ul>{items}</ul>" if items else ""


def who_says_what(article: Article, sources: Sequence[Source]) -> str:
    """The claims of the article by who makes them, each linked to its words."""
    if not sources:
        return "<p>Nobody is quoted, as far as could be seen.</p>"
    parts: list[str] = []
    for kind, head in SOURCES.items():
        listed = [s for s in sources if s.kind == kind]
        if listed:
            parts.append(f"<h4>{head}</h4>")
        for source in listed:
            items = "".join(
                f"<li>{place(article, article.sentences[i])}</li>" for i in source.sentences
            )
            parts.append(
                f"<details><summary>{escape(source.speaker)} ({len(source.sentences)})</summary>"
                f"<ul>{items}</ul></details>"
            )
    return "".join(parts)


def not_in_article(article: Article, answers: Sequence[Answer]) -> str:
    """The questions that the article does not answer, with the nearest passage."""
    refused = [a for a in answers if a.abstained]
    if not refused:
        return "<p>Every question so far was answered.</p>"
    items = list[str]()
    for answer in refused:
        near = [
            s for r in answer.retrieved[:1] for s in article.sentences if s.overlaps(r.chunk.span)
        ]
        places = " ".join(place(article, s) for s in near)
        items.append(f"<li><strong>{escape(answer.question)}</strong><br>{places}</li>")
    return f"<ul>{''.join(items)}</ul>"
