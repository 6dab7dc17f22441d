"""Trains an adapter that judges by the first token of a reply, on two cores in an hour.

    python -m eval.train_adapter answerable ../shared/data/train_nli.jsonl.gz --minutes 45 \\
        --out assistant/answerable.gguf
    python -m eval.train_adapter supported ../shared/data/train_nli.jsonl.gz --minutes 58 \\
        --rate 3e-4 --start assistant/answerable.gguf --out assistant/supported.gguf

The first tells whether the article answers a question, the second whether it says a sentence.
What they are trained on is in eval.adapter_data.

An adapter is an activated LoRA (Greenewald et al., 2025, arXiv:2504.12397): it changes nothing
before the turn that asks for the judgement, so what the engine has read of an article serves it
too, and answers are written without it. Here the model's weights are those of the GGUF file,
dequantised. Needs the package gguf.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from assistant import prompt
from assistant.engine import model_path
from assistant.llm import Endpoint
from assistant.local import LocalLLM
from assistant.models import no_progress
from assistant.settings import read as read_settings
from eval import adapter_data
from eval.adapter_data import Example, Item
from eval.metrics import auc

RANK = 16
ALPHA = 32.0
TARGETS = ("attn_q", "attn_k", "attn_v", "attn_output")

Examples = Callable[[Path, int], Iterator[Example]]

JUDGEMENTS: dict[str, tuple[str, Examples]] = {
    "answerable": (prompt.ANSWERABLE, adapter_data.answerable),
    "supported": (prompt.SUPPORTED, adapter_data.supported),
}
"""The turn that asks for each, and what it is trained on."""


class Tokens:
    """Prompts as the engine reads them."""

    def __init__(self, llm: Endpoint, turn: str) -> None:
        self._llm = llm
        self._begins = prompt.invocation(turn)
        self.invocation = self._ids(self._begins)

    def _ids(self, text: str) -> list[int]:
        body = {"content": text, "parse_special": True, "add_special": False}
        return list(self._llm._get("/tokenize", body)["tokens"])

    def of(self, article: str, item: Item) -> list[int]:
        messages = prompt.answerable(article, item.question)
        if item.reply:
            messages = prompt.supported(prompt.answer(article, item.question), item.reply)
        turns = [{"role": m.role, "content": m.content} for m in messages]
        text = str(self._llm._get("/apply-template", {"messages": turns})["prompt"])
        assert text.endswith(self._begins), text[-200:]
        ids = self._ids(text)
        assert ids[-len(self.invocation) :] == self.invocation
        return ids


class Adapted(nn.Module):
    """Qwen 2 from a GGUF file, frozen, with a LoRA that is trained."""

    def __init__(self, path: Path) -> None:
        import gguf

        super().__init__()
        reader = gguf.GGUFReader(path)
        self._w = {
            t.name: torch.from_numpy(
                np.array(gguf.quants.dequantize(t.data, t.tensor_type), np.float32)
            )
            for t in reader.tensors
        }

        def number(key: str) -> float:
            return float(reader.fields[f"qwen2.{key}"].contents())

        self.layers = int(number("block_count"))
        self._heads = int(number("attention.head_count"))
        self._shared = int(number("attention.head_count_kv"))
        self._eps = number("attention.layer_norm_rms_epsilon")
        self._size = self._w["blk.0.attn_q.weight"].shape[0] // self._heads
        half = torch.arange(0, self._size, 2).float() / self._size
        self._frequency = number("rope.freq_base") ** -half
        self.lora = nn.ParameterDict()
        for layer in range(self.layers):
            for target in TARGETS:
                out, inn = self._w[f"blk.{layer}.{target}.weight"].shape
                name = f"{layer}-{target}"
                self.lora[f"{name}-a"] = nn.Parameter(torch.randn(RANK, inn) / math.sqrt(inn))
                self.lora[f"{name}-b"] = nn.Parameter(torch.zeros(out, RANK))

    def _linear(self, x: Tensor, layer: int, name: str, adapted: bool) -> Tensor:
        at = f"blk.{layer}.{name}"
        y = F.linear(x, self._w[f"{at}.weight"], self._w.get(f"{at}.bias"))
        if adapted and name in TARGETS:
            a, b = self.lora[f"{layer}-{name}-a"], self.lora[f"{layer}-{name}-b"]
            y = y + F.linear(F.linear(x, a), b) * (ALPHA / RANK)
        return y

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], self._w[f"{name}.weight"], self._eps)

    def _turned(self, x: Tensor, at: Tensor) -> Tensor:
        angles = at[:, None].float() * self._frequency
        cos, sin = angles.cos(), angles.sin()
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def forward(
        self,
        tokens: Tensor,
        at: Tensor,
        seen: Tensor,
        past: Sequence[tuple[Tensor, Tensor]] | None,
        adapted: bool,
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """The last states of `tokens` [T], at positions `at`, and the keys and values with those of
        the past; `seen` [T, past + T] says what each may look at.
        """
        x = self._w["token_embd.weight"][tokens]
        kept = list[tuple[Tensor, Tensor]]()
        for n in range(self.layers):
            h = self._norm(x, f"blk.{n}.attn_norm")
            q, k, v = (
                self._linear(h, n, name, adapted).view(len(tokens), -1, self._size).transpose(0, 1)
                for name in ("attn_q", "attn_k", "attn_v")
            )
            q, k = self._turned(q, at), self._turned(k, at)
            if past:
                k, v = torch.cat([past[n][0], k], 1), torch.cat([past[n][1], v], 1)
            kept.append((k, v))
            times = self._heads // self._shared
            mixed = F.scaled_dot_product_attention(
                q[None],
                k.repeat_interleave(times, 0)[None],
                v.repeat_interleave(times, 0)[None],
                attn_mask=seen,
            )[0]
            mixed = mixed.transpose(0, 1).reshape(len(tokens), -1)
            x = x + self._linear(mixed, n, "attn_output", adapted)
            h = self._norm(x, f"blk.{n}.ffn_norm")
            h = F.silu(self._linear(h, n, "ffn_gate", False)) * self._linear(h, n, "ffn_up", False)
            x = x + self._linear(h, n, "ffn_down", False)
        return self._norm(x, "output_norm"), kept

    def load(self, path: Path) -> None:
        """Goes on with an adapter that `save` wrote."""
        import gguf

        held = {t.name: np.array(t.data, np.float32) for t in gguf.GGUFReader(path).tensors}
        with torch.no_grad():
            for name, values in self.lora.items():
                layer, target, side = name.split("-")
                values.copy_(torch.from_numpy(held[f"blk.{layer}.{target}.weight.lora_{side}"]))

    def odds(self, states: Tensor, yes: int, no: int) -> Tensor:
        """The log odds of the one next token against the other."""
        out = self._w.get("output.weight", self._w["token_embd.weight"])
        return states @ (out[yes] - out[no])

    def save(self, path: Path, invocation: Sequence[int]) -> None:
        """As llama.cpp reads an adapter."""
        import gguf

        writer = gguf.GGUFWriter(path, "qwen2")
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", ALPHA)
        writer.add_key_value(
            "adapter.alora.invocation_tokens",
            list(invocation),
            gguf.GGUFValueType.ARRAY,
            gguf.GGUFValueType.UINT32,
        )
        for name, values in self.lora.items():
            layer, target, side = name.split("-")
            writer.add_tensor(
                f"blk.{layer}.{target}.weight.lora_{side}", values.detach().half().numpy()
            )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


@dataclass(frozen=True)
class Read:
    """An article and its items as far as the adapter does not matter, and what it is to say."""

    past: list[tuple[Tensor, Tensor]]
    suffix: Tensor
    at: Tensor
    seen: Tensor
    last: Tensor
    labels: Tensor


def read(
    model: Adapted,
    prefix: tuple[list[int], list[tuple[Tensor, Tensor]]],
    prompts: Sequence[Sequence[int]],
    labels: Sequence[int],
    suffix: int,
) -> Read:
    """Reads what the prompts share once, then each item beside the others."""
    start = len(prefix[0])
    assert all(list(p[:start]) == prefix[0] for p in prompts)
    shared = _shared(prompts)
    asked = [p[shared : len(p) - suffix] for p in prompts]
    tokens, at = list(prompts[0][start:shared]), list(range(start, shared))
    owner = [-1] * len(tokens)
    for i, question in enumerate(asked):
        tokens += question
        at += range(shared, shared + len(question))
        owner += [i] * len(question)
    own, where = torch.tensor(owner), torch.tensor(at)
    before = torch.ones(len(tokens), start, dtype=torch.bool)

    def sees(a: Tensor, b: Tensor, of: Tensor, there: Tensor) -> Tensor:
        return ((b[None] == -1) | (a[:, None] == b[None])) & (there[None] <= of[:, None])

    with torch.no_grad():
        _, past = model(
            torch.tensor(tokens),
            where,
            torch.cat([before, sees(own, own, where, where)], 1),
            prefix[1],
            False,
        )
    ends = torch.arange(len(prompts)).repeat_interleave(suffix)
    places = torch.cat([shared + len(q) + torch.arange(suffix) for q in asked])
    seen = torch.cat(
        [
            torch.ones(len(ends), start, dtype=torch.bool),
            sees(ends, own, places, where),
            sees(ends, ends, places, places),
        ],
        1,
    )
    words = torch.tensor([t for p in prompts for t in p[len(p) - suffix :]])
    last = torch.arange(1, len(prompts) + 1) * suffix - 1
    return Read(past, words, places, seen, last, torch.tensor(labels).float())


def _shared(prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens all begin with."""
    columns = zip(*prompts, strict=False)
    return sum(1 for _ in takewhile(lambda tokens: len(set(tokens)) == 1, columns))


def main(argv: Sequence[str] | None = None) -> int:
    """Trains, and tells how well articles are judged before they are trained on."""
    parser = argparse.ArgumentParser(prog="python -m eval.train_adapter", description=__doc__)
    parser.add_argument("judgement", choices=JUDGEMENTS)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="an adapter to go on with")
    args = parser.parse_args(argv)
    torch.manual_seed(args.seed)
    path = model_path(read_settings(), no_progress)
    llm = LocalLLM(path)
    turn, examples = JUDGEMENTS[args.judgement]
    tokens = Tokens(llm, turn)
    # As many as there may be time for: the engine is gone before training begins.
    found = list(islice(examples(args.data, args.seed), int(args.minutes * 3.2)))
    prompts = [[tokens.of(e.article, item) for item in e.items] for e in found]
    yes, no = (tokens._ids(word)[0] for word in ("Yes", "No"))
    llm.close()
    model = Adapted(path)
    if args.start:
        model.load(args.start)
    common = prompts[0][0][: _shared([p[0] for p in prompts[:3]])]
    rising = torch.ones(len(common), len(common), dtype=torch.bool).tril()
    with torch.no_grad():
        _, past = model(torch.tensor(common), torch.arange(len(common)), rising, None, False)
    print(f"prefix {len(common)} tokens, {len(found)} articles", flush=True)
    optimizer = torch.optim.AdamW(model.lora.parameters(), lr=args.rate, weight_decay=0.01)
    start, kept, scores = time.monotonic(), list[Read](), list[tuple[float, int, str]]()
    rng = random.Random(args.seed)
    steps = 0
    while (done := (time.monotonic() - start) / 60 / args.minutes) < 1:
        # Reading takes most of the time, so what was read is looked at again.
        if len(kept) < len(found) and (len(kept) < 8 or (done < 0.92 and steps % 4 != 3)):
            e, ids = found[len(kept)], prompts[len(kept)]
            labels = [i.label for i in e.items]
            item = read(model, (common, past), ids, labels, len(tokens.invocation))
            kept.append(item)
            fresh = True
        else:
            item, fresh = rng.choice(kept), False
        for group in optimizer.param_groups:
            group["lr"] = args.rate * min(1.0, (steps + 1) / 10) * max(0.05, 1 - done)
        states, _ = model(item.suffix, item.at, item.seen, item.past, True)
        odds = model.odds(states[item.last], yes, no)
        share = item.labels.mean().clamp(0.1, 0.9)
        weight = torch.where(item.labels > 0, 0.5 / share, 0.5 / (1 - share))
        loss = F.binary_cross_entropy_with_logits(odds, item.labels, weight)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.lora.parameters(), 1.0)
        optimizer.step()
        steps += 1
        if fresh:
            scores += [
                (float(o), i.label, i.kind) for o, i in zip(odds.detach(), e.items, strict=True)
            ]
        if steps % 5 == 0:
            print(
                f"{(time.monotonic() - start) / 60:.1f} min, step {steps}, {len(kept)} articles, "
                f"{len(scores)} items, loss {float(loss):.3f}, {_report(scores[-300:])}",
                flush=True,
            )
            model.save(args.out, tokens.invocation)
    model.save(args.out, tokens.invocation)
    print(f"all, before they were trained on: {_report(scores)}")
    return 0


def _report(scores: Sequence[tuple[float, int, str]]) -> str:
    good = [s for s, label, _ in scores if label]
    kinds = dict.fromkeys(kind for _, label, kind in scores if not label)
    bad = [s for s, label, _ in scores if not label]
    parts = [f"AUC {auc(bad, good):.3f}"] if bad and good else []
    for kind in kinds if good else ():
        own = [s for s, label, k in scores if label and k == kind]
        wrong = [s for s, label, k in scores if not label and k == kind]
        parts.append(f"{kind} {auc(wrong, own or good):.3f}")
    return ", ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
