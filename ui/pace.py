"""How far a piece of work is, and how long it still takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

_SURE = 1.0
"""Seconds of work before a guess is made of how long the rest takes."""


@dataclass(frozen=True)
class Work:
    """What is being done, `part` of it in [0, 1], and the seconds left, None if not yet known."""

    doing: str
    part: float
    left: int | None

    def __str__(self) -> str:
        left = "" if self.left is None else f", about {self.left} s left"
        return f"{self.doing[:1].upper()}{self.doing[1:]}, {self.part:.0%}{left}"


class Pace:
    """Watches work by what it reports; the rest is taken to go as fast as what was seen.

    What was done before it was first heard of (read from a cache) says nothing of the speed.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._doing = ""
        self._first = 0
        self._began = 0.0

    def at(self, doing: str, done: int, total: int) -> Work:
        """The work when `done` of `total` is behind."""
        now = self._clock()
        if doing != self._doing:
            self._doing, self._first, self._began = doing, done, now
        gone, spent = done - self._first, now - self._began
        known = gone > 0 and spent >= _SURE
        left = math.ceil((total - done) * spent / gone) if known else None
        return Work(doing, done / total if total else 1.0, left)


class Preparing:
    """What is prepared for everybody when the page opens: `work` is None when nothing is (left).

    `failed` is what went wrong, for readers.
    """

    def __init__(self) -> None:
        self.work: Work | None = None
        self.over = False
        self.failed = ""
        self._pace = Pace()

    def show(self, doing: str, done: int, total: int) -> None:
        """Takes a report of progress."""
        self.work = self._pace.at(doing, done, total)
