"""How long the model works on after a stop, beside a stock client that only hangs up.

    python -m eval.bench.stop [--batch 32] [--stops 12]

Stops the default model while it reads a long prompt and while it writes, after times that are
spread evenly, and waits until the process rests. "stock" is the same engine behind the same client,
which then only closes its connection. `--batch` is how many tokens are read at a time: how fast
reading is with it is told too.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence

from assistant import Message
from assistant.engine import model_path
from assistant.llm import Endpoint
from assistant.local import BATCH, LocalLLM
from assistant.settings import read
from index import AssistantError

_LOOK = 0.02
"""Seconds between two looks at the processor time."""

_LONG = "The ferry came and went again, and nobody on the quay could say what it had carried. "


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.stop", description=__doc__)
    parser.add_argument("--batch", type=int, nargs="+", default=[BATCH])
    parser.add_argument("--stops", type=int, default=12, help="of each kind")
    args = parser.parse_args(argv)
    try:
        for batch in args.batch:
            _measure(batch, args.stops)
    except AssistantError as error:
        print(f"eval.bench.stop: {error}", file=sys.stderr)
        return 2
    return 0


def _measure(batch: int, stops: int) -> None:
    llm = LocalLLM(model_path(read()), batch=batch)
    stock = Endpoint(llm._url, llm.name, llm._key, context=llm.context)
    try:
        start = time.perf_counter()
        *_, (_, tokens) = (known for known in llm.read(_prompt("speed")) if known[1])
        print(f"batch {batch}: reads {tokens / (time.perf_counter() - start):.0f} tokens/s")
        middle = dict[str, float]()
        for name, client in (("ours", llm), ("stock", stock)):
            for kind in ("reading", "writing"):
                found = sorted(_stop(client, kind, i / stops) for i in range(stops))
                middle[f"{name} {kind}"] = statistics.median(found)
                print(
                    f"  {name}, {kind}: rests {statistics.median(found):.2f} s after a stop "
                    f"(median of {stops}), {found[-1]:.2f} s at most"
                )
        for kind in ("reading", "writing"):
            ratio = middle[f"ours {kind}"] / middle[f"stock {kind}"]
            print(f"  ratio to stock, {kind}: {ratio:.2f}", flush=True)
    finally:
        llm.close()


def _prompt(name: str) -> list[Message]:
    # The name comes first, so that nothing of it is in the cache.
    return [Message("user", f"{name}. {_LONG * 60}")]


def _stop(client: Endpoint, kind: str, phase: float) -> float:
    """Seconds from the stop until the process rests, `phase` in [0, 1) of a second later on."""
    if kind == "reading":
        stream = client.stream(_prompt(f"{kind} {time.time()}"), 8)
    else:
        stream = client.stream([Message("user", "Count from one to four hundred in words.")], 256)
        next(piece for piece in stream if piece)
    until = time.perf_counter() + 1 + phase
    while time.perf_counter() < until:
        next(stream)
    start = time.perf_counter()
    stream.close()  # type: ignore[attr-defined]
    worked = time.process_time()
    while time.perf_counter() - start < 60:
        time.sleep(_LOOK)
        before, worked = worked, time.process_time()
        if worked - before < 0.3 * _LOOK:
            break
    found = time.perf_counter() - start - _LOOK
    time.sleep(1)
    return found


if __name__ == "__main__":
    sys.exit(main())
