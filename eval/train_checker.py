"""Trains the support checker from the packaged MiniLM, on two cores in about an hour.

    python -m eval.train_checker ../shared/data/train_nli.jsonl.gz \\
        --out assistant/checker.safetensors

Reads JSON lines with source, context, claim and label (1 supported). First short pairs, then these
mixed with long ones, whose context is cut to the sentences that the running assistant would show
the checker, and with sentences of real text in which a number, a name, a role, a speaker or a
negation was changed. Embeddings, and layers that are --frozen, stay as they are; all else is
trained and saved in half precision. With --leave-out, pairs that another model was trained on, as
its run listed them with --seen, are not used: so the evaluation's judge is trained apart from the
checker.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.checker import MAX_TOKENS, untrained
from assistant.words import Weights, terms
from eval.metrics import auc
from eval.plant import AUXILIARY, NAME, NOUN, NUMBER, SAYING, change, lowered, recurring
from index import sentence_spans
from index.embedding import PACKAGED, locate

SHORT = {"snli": 4000, "mnli_binary": 11000, "fever_nli": 9000}
REPLAYED = 4000
MAX_WORDS = 600
CHANGED = 14000
TOKENS_PER_STEP = 2200


@dataclass(frozen=True)
class Pair:
    evidence: str
    claim: str
    label: int
    source: str


def cut(context: str, claim: str) -> str:
    """The sentences of `context` that the assistant would show the checker for `claim`."""
    quotes = [context[s.start : s.end] for s in sentence_spans(context)]
    if len(quotes) <= 2:
        return context
    chosen = Weights(quotes).evidence(set(terms(claim)))
    return " ".join(quotes[i] for i in chosen) or " ".join(quotes[:2])


def changed(quote: str, around: str, rng: random.Random) -> str | None:
    """`quote` with one fact changed so that it is no longer supported, or None if none can be."""
    ways = list[str]()
    if len(recurring(quote, around)) > 1:
        ways += ["role"] * 4
    if len({n.casefold() for n in NOUN.findall(quote)}) > 1:
        ways.append("noun")
    others = set(NAME.findall(around)) - set(recurring(quote, around))
    if others and recurring(quote, around):
        ways += ["name", "name"]
    if others and not SAYING.search(quote) and "“" not in quote and '"' not in quote:
        ways.append("speaker")
    if NUMBER.search(quote):
        ways += ["number", "number"]
    if AUXILIARY.search(quote):
        ways.append("negation")
    return change(rng.choice(ways), quote, around, rng) if ways else None


def own(
    rows: Sequence[dict[str, str]], count: int, rng: random.Random, left_out: Container[str] = ()
) -> Iterator[Pair]:
    """Sentences of real text, as they are and with one fact changed, against their surroundings."""
    contexts = sorted({r["context"] for r in rows})
    rng.shuffle(contexts)
    made = 0
    for context in contexts * 3:
        quotes = [context[s.start : s.end] for s in sentence_spans(context)]
        good = [i for i, q in enumerate(quotes) if 7 <= len(q.split()) <= 40]
        if len(quotes) < 3 or not good or made >= count:
            continue
        i = rng.choice(good)
        claim = quotes[i]
        around = " ".join(quotes[max(0, i - 1) : i + 2])
        wrong = changed(claim, context, rng)
        if wrong is None or wrong == claim:
            continue
        if rng.random() < 0.5:
            lead = rng.choice(["According to the article, ", "The article says that "])
            claim, wrong = lead + lowered(claim), lead + lowered(wrong)
        if _line(claim) in left_out:
            continue
        yield Pair(around, wrong, 0, "changed")
        if rng.random() < 0.7:
            yield Pair(around, claim, 1, "changed")
        made += 2


def pairs(path: Path, seed: int, left_out: Container[str] = ()) -> tuple[list[Pair], list[Pair]]:
    """The pairs of the two stages, shuffled, but for those whose claim is in `left_out`."""
    rng = random.Random(seed)
    with gzip.open(path, "rt") as file:
        rows = [json.loads(line) for line in file]
    rows = [
        r
        for r in rows
        if len(r["context"].split()) <= MAX_WORDS and _line(r["claim"]) not in left_out
    ]
    rng.shuffle(rows)
    short = list[Pair]()
    for source, count in SHORT.items():
        found = [r for r in rows if r["source"] == source]
        # As many of each label, so that a pair's label cannot be guessed from its source.
        for label in (0, 1):
            short += [
                Pair(cut(r["context"], r["claim"]), r["claim"], label, source)
                for r in [r for r in found if r["label"] == label][: count // 2]
            ]
    rng.shuffle(short)
    long_rows = [r for r in rows if r["source"] not in SHORT]
    long = [
        Pair(cut(r["context"], r["claim"]), r["claim"], r["label"], r["source"]) for r in long_rows
    ]
    real = [r for r in long_rows if r["source"] in ("squad_qa", "defacto", "factcg_doc")]
    mixed = long + short[:REPLAYED] + list(own(real, CHANGED, rng, left_out))
    rng.shuffle(mixed)
    return short[REPLAYED:], mixed


def _line(claim: str) -> str:
    return " ".join(claim.split())


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.train_checker", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--frozen", type=int, default=0, help="layers that are not trained")
    parser.add_argument("--start", type=Path, help="weights saved by a run that was stopped")
    parser.add_argument("--skip", type=int, default=0, help="steps that run had done")
    parser.add_argument("--seen", type=Path, help="list the claims trained on in this file")
    parser.add_argument("--leave-out", type=Path, help="leave out the claims listed in this file")
    parser.add_argument("--dev", type=Path, help="claims with label and domain, scored on the way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--minutes", type=float, default=60, help="stop the schedule here")
    args = parser.parse_args(argv)
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import AutoTokenizer

    torch.manual_seed(args.seed)
    torch.set_num_threads(2)
    folder = locate(PACKAGED)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = untrained(folder)
    if args.start:
        saved = {k: v.float() for k, v in load_file(args.start).items()}
        model.load_state_dict(saved, strict=False)
    for part in (model.bert.embeddings, *model.bert.encoder.layer[: args.frozen]):
        part.requires_grad_(False)
    left_out = set(args.leave_out.read_text().splitlines()) if args.leave_out else set()
    first, mixed = pairs(args.data, args.seed, left_out)
    stages = [batches(s, tokenizer, args.seed) for s in (first, mixed)]
    plan = [b for stage in stages for b in stage]
    print(
        f"{len(first)} + {len(mixed)} pairs, {len(stages[0])} + {len(stages[1])} steps", flush=True
    )
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=args.rate, weight_decay=0.01)
    start = time.perf_counter()
    model.train()
    mean = 0.7
    for step, batch in enumerate(plan[args.skip :], args.skip):
        # The schedule follows the clock, so that it ends in time on any machine.
        done = max(step / len(plan), (time.perf_counter() - start) / (60 * args.minutes))
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = args.rate * min((step + 1 - args.skip) / 150, 1 - done)
        coded = tokenizer(
            [p.evidence for p in batch],
            [p.claim for p in batch],
            # The longer of the two: few claims are longer than their evidence.
            truncation="longest_first",
            max_length=MAX_TOKENS,
            padding=True,
            return_tensors="pt",
        )
        logits = model(**coded).logits[:, 0]
        labels = torch.tensor([float(p.label) for p in batch])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        mean = 0.99 * mean + 0.01 * loss.item()
        if step % 100 == 99:
            print(
                f"{step + 1}/{len(plan)} loss {mean:.3f} {time.perf_counter() - start:.0f} s",
                flush=True,
            )
        if step % 500 == 499 or step == len(stages[0]) - 1:
            _save(model, args.out, save_file)
            if args.dev:
                print(dev(model, tokenizer, args.dev), flush=True)
    _save(model, args.out, save_file)
    if args.seen:
        claims = {_line(p.claim) for batch in plan[: step + 1] for p in batch}
        args.seen.write_text("\n".join(sorted(claims)) + "\n")
    if args.dev:
        print(dev(model, tokenizer, args.dev))
    return 0


def batches(found: list[Pair], tokenizer, seed: int) -> list[list[Pair]]:  # type: ignore[no-untyped-def]
    """Batches of pairs of about equal length, in random order."""
    lengths = [
        min(MAX_TOKENS, len(ids))
        for ids in tokenizer([p.evidence for p in found], [p.claim for p in found])["input_ids"]
    ]
    rng = random.Random(seed)
    # Noise on the length, so that batches are not the same kind of pair throughout.
    order = sorted(range(len(found)), key=lambda i: lengths[i] * rng.uniform(0.85, 1.15))
    made: list[list[Pair]] = [[]]
    longest = 0
    for i in order:
        longest = max(longest, lengths[i])
        if longest * (len(made[-1]) + 1) > TOKENS_PER_STEP and made[-1]:
            made.append([])
            longest = lengths[i]
        made[-1].append(found[i])
    rng.shuffle(made)
    return made


def dev(model, tokenizer, path: Path) -> str:  # type: ignore[no-untyped-def]
    """AUC by domain on the claims in `path`."""
    import torch

    rows = [json.loads(line) for line in path.read_text().splitlines()]
    model.eval()
    scores: dict[str, list[tuple[int, float]]] = {}
    with torch.inference_mode():
        for row in rows:
            coded = tokenizer(
                cut(row["context"], row["claim"]),
                row["claim"],
                truncation="longest_first",
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
            score = model(**coded).logits[0, 0].item()
            for domain in (row["domain"], "all"):
                scores.setdefault(domain, []).append((row["label"], score))
    model.train()
    return "dev AUC " + " ".join(
        f"{d} {auc([s for y, s in found if not y], [s for y, s in found if y]):.3f}"
        for d, found in sorted(scores.items())
    )


def _save(model, path: Path, save_file) -> None:  # type: ignore[no-untyped-def]
    """What was trained, in half precision: the embeddings are the packaged model's."""
    state = {
        name: value.detach().half().contiguous()
        for name, value in model.named_parameters()
        if value.requires_grad
    }
    save_file(state, path)


if __name__ == "__main__":
    sys.exit(main())
