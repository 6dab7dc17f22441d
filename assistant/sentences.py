"""Cuts a reply into sentences while it is being written, the same however the stream is cut."""

from __future__ import annotations

from index import sentence_spans


class SentenceStream:
    """Takes pieces of text and gives back sentences as they become complete.

    Each decision looks at the text up to one character and never at where pieces end, so any way
    of cutting the same text gives the same sentences. A sentence is complete when the next has
    begun with two characters; joined, the sentences are the text.
    """

    def __init__(self, language: str = "en") -> None:
        self._language = language
        self._open = ""

    def feed(self, piece: str) -> list[str]:
        """The sentences that `piece` completes, each with the white space that followed it."""
        complete: list[str] = []
        for character in piece:
            self._open += character
            spans = sentence_spans(self._open, self._language)
            if len(spans) > 1 and spans[1].end - spans[1].start > 1:
                complete.append(self._open[: spans[1].start])
                self._open = self._open[spans[1].start :]
        return complete

    def end(self) -> list[str]:
        """What is left when the reply is over: one sentence, or nothing."""
        left, self._open = self._open, ""
        return [left] if left.strip() else []
