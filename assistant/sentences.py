"""Cuts a reply into sentences while it is being written, the same however the stream is cut."""

from __future__ import annotations

import re

from index import directed, sentence_spans

_OPENING = re.compile(r"(?<=\s)[\"'“‘„«(]+\s*$")
"""A mark at the end of what looks like a sentence that begins the next."""


class SentenceStream:
    """Takes pieces of text and gives back sentences as they become complete.

    Each decision looks at the text up to one character and never at where pieces end, so any way
    of cutting the same text gives the same sentences. A sentence is complete when the next has
    begun with two characters, or after a number with a word ("31. Juli" is a date); joined, the
    sentences are the text.
    """

    def __init__(self, language: str = "en") -> None:
        self._language = language
        self._open = ""

    def feed(self, piece: str) -> list[str]:
        """The sentences that `piece` completes, each with the white space that followed it."""
        complete: list[str] = []
        for character in piece:
            self._open += character
            # A quotation is one piece, also before it ends.
            spans = sentence_spans(self._open + _ending(self._open), self._language)
            if len(spans) > 1 and self._begun(spans[1].start):
                head = self._open[: spans[1].start]
                opening = _OPENING.search(head)
                end = opening.start() if opening else len(head)
                complete.append(self._open[:end])
                self._open = self._open[end:]
        return complete

    def _begun(self, start: int) -> bool:
        """Whether what begins at `start` is enough to tell that it is another sentence."""
        numbered = re.search(r"\d\.\s*$", self._open[:start])
        return bool(re.match(r"\S+\s" if numbered else r"(?s:..)", self._open[start:]))

    def end(self) -> list[str]:
        """What is left when the reply is over: one sentence, or nothing."""
        left, self._open = self._open, ""
        return [left] if left.strip() else []


def _ending(text: str) -> str:
    """The mark that ends the quotation in which `text` stops; "" if it stops in none."""
    text = directed(text)
    opening, closing = "„“" if "„" in text else "“”"
    return closing if text.count(opening) > text.count(closing) else ""
