"""How fast the page is in a browser, how heavy, and how its memory grows.

    python -m eval.bench.page                     # 20 questions
    python -m eval.bench.page --questions 200     # memory after all of them against after 20

Starts `article-assistant ui` with the settings as they are on an article of the suite, asks its
questions in Chromium in one conversation, over and over, and prints seconds from the question to
the first passages, to the first checked sentence or the refusal, and to the end; how long it works
on after Stop; the bytes that the page loads; and the server's resident memory. The ratio is to the
same server's /ask, called without a browser.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from eval.cases import read
from eval.judge import ARTICLES

NAME = "harbour-bridge"
FIRST = 20

_PAUSE = 3.1
"""Seconds at least from question to question: the page takes twenty in a minute."""

_REST = 0.5
"""Seconds at least after an answer: a question put while it is being ended is not taken."""

_STOPS = (0.7, 1.3, 1.9, 2.5, 3.1, 3.7, 4.3, 4.9, 5.5)
"""Seconds after which questions are stopped: while the model reads, and while it writes."""

_SEEN = 0.2
"""Seconds before a stop in which it is seen which threads are the model's."""

_LOOK = 0.05
"""Seconds between two looks at what the server does."""

_WATCH = """
([before, question]) => {
  const found = { asked: performance.now() };
  const last = () => [...document.querySelectorAll(".message.bot")].slice(before).pop();
  const look = () => {
    const bot = last();
    if (bot) {
      const now = performance.now() - found.asked;
      if (bot.querySelector(".nearest, .claim")) found.passages ??= now;
      if (bot.querySelector(".claim, .refusal")) found.sentence ??= now;
    }
  };
  window.watched = found;
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}
"""
_DONE = "(n) => document.querySelector('#article .pane').dataset.answers == n"


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.page")
    parser.add_argument("--questions", type=int, default=FIRST)
    args = parser.parse_args(argv)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("eval.bench.page: no Chromium is installed.", file=sys.stderr)
        return 2
    cases = [c for c in read([ARTICLES / f"{NAME}.jsonl"]) if not c.history and not c.row.edit]
    questions = [c.row.question for c in cases if not c.row.insert]
    with _served(ARTICLES / f"{NAME}.txt") as (url, process):
        _measure(url, process, chromium, questions, args.questions)
    return 0


def _measure(
    url: str, process: subprocess.Popen[bytes], chromium: str, questions: Sequence[str], n: int
) -> None:
    from gradio_client import Client
    from playwright.sync_api import sync_playwright

    client = Client(url, verbose=False)
    client.predict(questions[0], api_name="/ask")  # Reads the article, loads what is loaded late.
    plain = [_timed(client, q) for q in questions[:5]]
    time.sleep(60)  # These questions count towards the limit of a minute.
    times: list[dict[str, float]] = []
    memory: dict[int, int] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        weight = [0, 0]
        page.on("requestfinished", lambda r: _weigh(r, weight))
        page.goto(url)
        box = page.get_by_role("textbox", name="Question")
        box.wait_for()
        page.wait_for_timeout(3_000)  # What is loaded late; its connection is never idle.
        loaded = tuple(weight)
        for i in range(n):
            times.append(_ask(page, box, questions[i % len(questions)], i))
            if i + 1 in (FIRST, n):
                memory[i + 1] = _resident(process.pid)
        stops = {after: _stop(page, box, process.pid, after) for after in _STOPS}
        browser.close()
    print(f"{n} questions about {NAME}, in one conversation; seconds, median / p90")
    for name in ("passages", "sentence", "done"):
        seen = sorted(t[name] for t in times[:FIRST])
        p90 = seen[min(len(seen) - 1, int(0.9 * len(seen)))]
        print(f"  to {name:<9} {statistics.median(seen):.2f} / {p90:.2f} (first {len(seen)})")
    done = statistics.median(t["done"] for t in times[:5])
    print(f"ratio of the page to /ask, first five questions: {done / statistics.median(plain):.2f}")
    for place, name in enumerate(("the model", "all of the server")):
        told = ", ".join(f"{found[place]:.2f} after {after}" for after, found in stops.items())
        middle = statistics.median(found[place] for found in stops.values())
        print(f"from Stop until {name} rests: median {middle:.2f} s ({told})")
    print(f"page weight: {loaded[0] / 1e6:.2f} MB in {loaded[1]} requests")
    told = ", ".join(f"{mb} MB after {k} questions" for k, mb in memory.items())
    print(f"server's memory: {told}; ratio {memory[n] / memory[min(FIRST, n)]:.3f}")


def _ask(page: Any, box: Any, question: str, before: int) -> dict[str, float]:
    from playwright.sync_api import Error

    began = time.perf_counter()
    box.fill(question)
    page.evaluate(_WATCH, [before, question])
    box.press("Enter")
    try:
        page.wait_for_function(_DONE, arg=before + 1, timeout=120_000)
    except Error as error:
        said = page.locator(".message.bot").last.inner_text()
        raise SystemExit(
            f"eval.bench.page: question {before + 1} ({question}) has no answer; the page says: "
            f"{said!r}. {error}"
        ) from error
    found = page.evaluate("({ ...window.watched, done: performance.now() - watched.asked })")
    page.wait_for_timeout(max(_REST, _PAUSE - (time.perf_counter() - began)) * 1000)
    return {k: v / 1000 for k, v in found.items() if k != "asked"}


def _stop(page: Any, box: Any, pid: int, after: float) -> tuple[float, float]:
    """Seconds from a click on Stop, `after` seconds from the question, until the model rests, and
    until all of the server does.

    The model's threads are those that work all the time before the click.
    """
    box.fill("Tell me in detail all that is said about the bridge, the ferry and the council.")
    box.press("Enter")
    page.wait_for_timeout(after * 1000)
    known = _worked(pid)
    time.sleep(_SEEN)
    models = {t for t, s in _worked(pid).items() if s - known.get(t, 0) > 0.5 * _SEEN}
    start = time.perf_counter()
    page.get_by_role("button", name="Stop").click()
    rested = dict[str, float]()
    known, then = _worked(pid), time.perf_counter()
    while time.perf_counter() - start < 30 and len(rested) < 2:
        time.sleep(_LOOK)
        now, seen = time.perf_counter(), _worked(pid)
        spent = {t: s - known.get(t, 0) for t, s in seen.items()}
        if max((spent.get(t, 0) for t in models), default=0) < 0.3 * (now - then):
            rested.setdefault("model", then - start)
        if sum(spent.values()) < 0.3 * (now - then):
            rested.setdefault("server", then - start)
        known, then = seen, now
    page.wait_for_timeout(_PAUSE * 1000)
    return rested.get("model", 30.0), rested.get("server", 30.0)


def _worked(pid: int) -> dict[str, float]:
    """Seconds of processor time that each thread of a process has had."""
    found = dict[str, float]()
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # It has just ended.
            nanoseconds = (thread / "schedstat").read_text().split()[0]
            found[thread.name] = int(nanoseconds) / 1e9
    return found


def _timed(client: Any, question: str) -> float:
    start = time.perf_counter()
    client.predict(question, api_name="/ask")
    return time.perf_counter() - start


def _weigh(request: Any, weight: list[int]) -> None:
    sizes = request.sizes()
    weight[0] += sizes["responseBodySize"] + sizes["responseHeadersSize"]
    weight[1] += 1


def _resident(pid: int) -> int:
    """Megabytes of a process's memory that are in use."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


@contextmanager
def _served(article: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "ui", "ui", str(article), "--no-browser"]
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env={**os.environ, "ASSISTANT_DATA_DIR": data},
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait(port, process)
            yield f"http://127.0.0.1:{port}/", process
        finally:
            process.terminate()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("eval.bench.page: the page was not served.")


if __name__ == "__main__":
    sys.exit(main())
