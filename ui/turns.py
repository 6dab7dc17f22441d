"""Who may ask when: so many questions a minute for each reader, and one answer at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from time import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from index import QuestionError


class Turns:
    """Keeps one reader from taking the model from the others."""

    def __init__(self, a_minute: int = 20, waiting: int = 16) -> None:
        """`a_minute`: questions that one reader may ask; `waiting`: questions that wait at most."""
        self._rate = RateLimitItemPerMinute(a_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._waiting = waiting
        self._line = deque[object]()
        self._answering = dict[str, object]()

    def wait(self, reader: str) -> str:
        """Counts a question; why and how long the reader has to wait, empty for not at all."""
        if self._limiter.hit(self._rate, reader):
            return ""
        seconds = ceil(self._limiter.get_window_stats(self._rate, reader).reset_time - time())
        return (
            f"More than {self._rate.amount} questions within a minute. "
            f"Go on in {max(1, seconds)} s."
        )

    @contextmanager
    def answering(self, page: str) -> Iterator[Callable[[], bool]]:
        """An answer on a page; what this gives tells whether it may go on."""
        mine = self._answering[page] = object()
        try:
            yield lambda: self._answering.get(page) is mine
        finally:
            if self._answering.get(page) is mine:
                self.end(page)

    def end(self, page: str) -> None:
        """No answer that was begun on the page goes on."""
        self._answering.pop(page, None)

    @contextmanager
    def place(self) -> Iterator[Callable[[], int]]:
        """A place at the end of the line; what it gives tells how many are before it.

        Raises QuestionError if too many wait.
        """
        if len(self._line) > self._waiting:
            raise QuestionError(
                f"The page is busy: {self._waiting} questions wait. Ask again in a minute."
            )
        mine = object()
        self._line.append(mine)
        try:
            yield lambda: self._line.index(mine)
        finally:
            self._line.remove(mine)
