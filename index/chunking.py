"""Divides an article into chunks that end with sentences and know exactly where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from index.article import Article, Span, sentence_spans

VERSION = 2
"""Part of the collection's name: raise it when the same article would be divided differently."""


@dataclass(frozen=True)
class Chunk:
    """A passage of an article: `article.text[span.start:span.end] == text`, always."""

    article_id: str
    position: int
    span: Span
    text: str

    @property
    def id(self) -> str:
        return f"{self.article_id}:{self.position}"


def split(article: Article, count: Callable[[str], int], size: int) -> list[Chunk]:
    """Chunks of at most `size` tokens, as `count` counts them, in order and without overlap.

    Only a sentence longer than `size` is itself divided. llama-index's SentenceSplitter does the
    packing. It reports positions by searching for the text, which is wrong where text repeats, so
    each piece is located here from where the last one ended.
    """
    from llama_index.core.node_parser import SentenceSplitter

    def sentences(text: str) -> list[str]:
        starts = [0, *(s.start for s in sentence_spans(text, article.language)[1:]), len(text)]
        return [text[a:b] for a, b in pairwise(starts)]

    pieces = SentenceSplitter(
        chunk_size=size,
        chunk_overlap=0,
        tokenizer=lambda text: range(count(text)),
        paragraph_separator="\n\n",
        chunking_tokenizer_fn=sentences,
        secondary_chunking_regex="[^,;:]*[,;:]+|[^,;:]+",
    ).split_text(article.text)
    chunks: list[Chunk] = []
    position = 0
    for piece in (p.strip() for p in pieces):
        start = article.text.index(piece, position)
        position = start + len(piece)
        chunks.append(Chunk(article.id, len(chunks), Span(start, position), piece))
    return chunks
