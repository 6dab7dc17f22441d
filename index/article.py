"""What an article is: its text, where it came from, and its sentences by position."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property

import sentencex

from index.errors import ArticleError


@dataclass(frozen=True, order=True)
class Span:
    """Character offsets into `Article.text`, half open."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Article:
    """A read article. `text` is normalised and never changes, so offsets into it are stable.

    `dropped` holds the lines that were left out as boilerplate, in their order.
    `published` is as the article prints it; `language` is an ISO 639-1 code.
    """

    text: str
    title: str = ""
    source: str = ""
    author: str = ""
    published: str = ""
    language: str = "en"
    dropped: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.sentences:
            raise ArticleError(
                "The article has no sentence that can be quoted. "
                "Give the text of an article: at least one full sentence."
            )

    @cached_property
    def id(self) -> str:
        """A hash of the text: equal text, same index."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:20]

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        """The sentences in order; together they cover all but white space."""
        return tuple(sentence_spans(self.text, self.language))

    def quote(self, span: Span) -> str:
        return self.text[span.start : span.end]


_BLOCK = re.compile(r"[^\n]+")
_OPENING = "\"'“‘«([*_"
_LONG_QUOTE = 240
_OPENS = re.compile(r'(?<![^\s(\[—–-])"(?=\S)')
_MARKER = re.compile(r"[(\[]?([A-Z]?\d{1,3}|[A-Za-z]|[ivx]{1,4})[.)\]]|[-*•–]")

_MONTH = re.compile(
    r"\s*(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
    r"|Dezember)\b"
)


def directed(text: str) -> str:
    """`text`, of the same length, with “ and ” for straight quotation marks."""
    return _OPENS.sub("“", text).replace('"', "”")


def sentence_spans(text: str, language: str = "en") -> list[Span]:
    """Spans of the sentences of `text`, without surrounding white space.

    A line break always ends a sentence. Boundaries are sentencex's (Wikimedia), which keeps a
    quotation in one piece; one of more than 240 characters is divided at the sentences inside it.
    """
    # It pairs straight marks by counting, and one that is missing would turn all after it.
    text = directed(text)
    found: list[Span] = []
    for block in _BLOCK.finditer(text):
        for span in _segment(block.group(), block.start(), language):
            if span.end - span.start > _LONG_QUOTE:
                # The same length without quotation marks, so that offsets hold.
                bare = re.sub(r"[\"“”„«»]", " ", text[span.start : span.end])
                found += [_extend(text, s, span) for s in _segment(bare, span.start, language)]
            else:
                found.append(span)
    return found


def _segment(text: str, offset: int, language: str) -> list[Span]:
    spans: list[Span] = []
    position = 0
    marker: int | None = None
    for piece in sentencex.segment(language, text):
        start = text.index(piece, position)
        position = start + len(piece)
        lead = start + len(piece) - len(piece.lstrip())
        if _MARKER.fullmatch(piece.strip()):
            # "1." is not a sentence but the beginning of one.
            marker = lead if marker is None else marker
        elif piece.strip():
            first = lead if marker is None else marker
            # sentencex knows "14. Oktober" as a date, and not "14. Oktober, dem ...".
            day = language == "de" and spans and re.search(r"\b\d{1,2}\.\s*$", text[:start])
            if day and _MONTH.match(piece):
                first = spans.pop().start - offset
            spans.append(Span(offset + first, offset + start + len(piece.rstrip())))
            marker = None
    if marker is not None:
        spans.append(Span(offset + marker, offset + len(text.rstrip())))
    return spans


def _extend(text: str, span: Span, within: Span) -> Span:
    """`span` with the quotation marks that stand directly around it."""
    start, end = span.start, span.end
    while start > within.start and text[start - 1] in _OPENING:
        start -= 1
    while end < within.end and not text[end].isspace():
        end += 1
    return Span(start, end)
