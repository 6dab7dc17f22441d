"""Trains the adapter with which the packaged model judges, in eight minutes on one GPU.

    python -m eval.train_adapter .reports/prompts.npz MODEL.gguf --out .reports/adapter.npz
    python -m eval.train_adapter .reports/adapter.npz --write assistant/judge.gguf

Prompts are made by eval.adapter_data. They end, after a question on an article or after a reply to
it, in a turn of which the first token is the judgement: whether the article answers the question,
or says the reply.

The adapter is an activated LoRA (Greenewald et al., 2025, arXiv:2504.12397): only the tokens of
that turn are read with it, so what the engine has read before serves it too, and answers are
written without it. Here the model's weights are those of the GGUF file, dequantised.

Needs the package gguf, and nothing else of the project: it can be run where only PyTorch is.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

RANK = 8
ALPHA = 16.0
TARGETS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")

TOKENS = 24_000
PROMPTS = 128
KEYS = 120_000
"""Of a batch, at most: tokens of articles, judgements, and tokens that all of these look at."""

PART = 32
"""Of judgements on one text, so many are kept together."""

Past = list[tuple[Tensor, Tensor]]


class Prompts:
    """What `eval.adapter_data.Tokens.prompts` made."""

    def __init__(self, path: Path) -> None:
        self.held: Mapping[str, NDArray[Any]] = np.load(path)
        self.prefix, self.invocation = self.held["prefix"], self.held["invocation"]
        self.read = np.split(self.held["read"], self.held["read_ends"][:-1])
        self.turns = np.split(self.held["turn"], self.held["turn_ends"][:-1])
        self.of = self.held["of"]
        self.labels = self.held["label"]
        self.kinds = [str(self.held["kinds"][k]) for k in self.held["kind"]]
        self.yes, self.no = (int(token) for token in self.held["answers"])

    def batches(self, rng: random.Random) -> list[list[int]]:
        """Indices of judgements, those on the same text together, with texts about as long."""
        asked: list[list[int]] = [[] for _ in self.read]
        for i, of in enumerate(self.of):
            asked[of].append(i)
        parts = [own[at : at + PART] for own in asked for at in range(0, len(own), PART)]
        # Not quite by length, so that no two rounds are the same.
        parts.sort(key=lambda part: len(self.read[self.of[part[0]]]) * rng.uniform(0.8, 1.25))
        made, texts, longest, last = [list[int]()], 0, 0, 0
        for part in parts:
            text = len(self.read[self.of[part[0]]])
            turn = max(len(self.turns[i]) for i in part)
            count = len(made[-1]) + len(part)
            full = (
                max(longest, text) * (texts + 1) > TOKENS
                or (max(longest, text) + max(last, turn)) * count > KEYS
                or count > PROMPTS
            )
            if full and made[-1]:
                made.append([])
                texts, longest, last = 0, 0, 0
            texts, longest, last = texts + 1, max(longest, text), max(last, turn)
            made[-1] += part
        rng.shuffle(made)
        return made

    def weights(self) -> Tensor:
        """Such that of each source as much is said to be so as not."""
        # Questions that are answered and those that are not have names of their own.
        of = ["questions" if k in _QUESTIONS else k for k in self.kinds]
        share = {
            k: np.mean([y for y, o in zip(self.labels, of, strict=True) if o == k]) for k in set(of)
        }
        return torch.tensor(
            [
                min(2.0, 0.5 / max(0.01, share[o] if y else 1 - share[o]))
                for y, o in zip(self.labels, of, strict=True)
            ]
        ).float()


_QUESTIONS = ("answered", "left out", "never had one", "of another")


@dataclass(frozen=True)
class Padded:
    """Tokens [N, T], and which of them are there."""

    tokens: Tensor
    there: Tensor

    @classmethod
    def of(cls, rows: Sequence[NDArray[Any]], device: str) -> Padded:
        lengths = torch.tensor([len(r) for r in rows])
        there = torch.arange(int(lengths.max()))[None] < lengths[:, None]
        tokens = torch.zeros(there.shape, dtype=torch.long)
        tokens[there] = torch.from_numpy(np.concatenate(rows)).long()
        return cls(tokens.to(device), there.to(device))

    def after(self, start: Tensor, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The tokens, their positions [N, T] from `start` [N] on, and what each may look at
        [N, T, P + T]: what is there of those before, `seen` [N, P], and its own up to itself.
        """
        count, size = self.tokens.shape
        device = self.tokens.device
        at = start[:, None] + torch.arange(size, device=device)[None]
        rising = torch.ones(size, size, dtype=torch.bool, device=device).tril()
        before = seen[:, None].expand(-1, size, -1)
        return self.tokens, at, torch.cat([before, rising.expand(count, -1, -1)], 2)


class Adapted(nn.Module):
    """Qwen 2 from a GGUF file, frozen, with a LoRA that is trained."""

    def __init__(self, path: Path, device: str) -> None:
        import gguf

        super().__init__()
        reader = gguf.GGUFReader(path)
        kind = torch.bfloat16 if device == "cuda" else torch.float32

        def loaded(tensor: Any) -> Tensor:
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            return torch.from_numpy(np.array(values, np.float32)).to(kind).to(device)

        with ThreadPoolExecutor() as pool:
            names = [t.name for t in reader.tensors]
            self._w = dict(zip(names, pool.map(loaded, reader.tensors), strict=True))

        def number(key: str) -> float:
            return float(reader.fields[f"qwen2.{key}"].contents())

        self.layers = int(number("block_count"))
        self._heads = int(number("attention.head_count"))
        self._shared = int(number("attention.head_count_kv"))
        self._eps = number("attention.layer_norm_rms_epsilon")
        self._size = self._w["blk.0.attn_q.weight"].shape[0] // self._heads
        half = torch.arange(0, self._size, 2, device=device).float() / self._size
        self._frequency = number("rope.freq_base") ** -half
        self.lora = nn.ParameterDict()
        for layer in range(self.layers):
            for target in TARGETS:
                out, inn = self._w[f"blk.{layer}.{target}.weight"].shape
                name = f"{layer}-{target}"
                a = torch.randn(RANK, inn) / inn**0.5
                self.lora[f"{name}-a"] = nn.Parameter(a.to(device))
                self.lora[f"{name}-b"] = nn.Parameter(torch.zeros(out, RANK, device=device))

    def _linear(self, x: Tensor, layer: int, name: str, adapted: bool) -> Tensor:
        at = f"blk.{layer}.{name}"
        y = F.linear(x, self._w[f"{at}.weight"], self._w.get(f"{at}.bias"))
        if adapted:
            a, b = self.lora[f"{layer}-{name}-a"], self.lora[f"{layer}-{name}-b"]
            y = y + F.linear(F.linear(x, a.to(x.dtype)), b.to(x.dtype)) * (ALPHA / RANK)
        return y

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], self._w[f"{name}.weight"], self._eps)

    def _turned(self, x: Tensor, at: Tensor) -> Tensor:
        angles = at[:, None, :, None].float() * self._frequency
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def forward(
        self, tokens: Tensor, at: Tensor, seen: Tensor, past: Past | None, adapted: bool
    ) -> tuple[Tensor, Past]:
        """The last states of `tokens` [N, T], at positions `at` [N, T], and the keys and values
        with those of the past; `seen` [N, T, past + T] says what each may look at.
        """
        x = self._w["token_embd.weight"][tokens]
        kept: Past = []
        for n in range(self.layers):
            h = self._norm(x, f"blk.{n}.attn_norm")
            q, k, v = (
                self._linear(h, n, name, adapted).view(*at.shape, -1, self._size).transpose(1, 2)
                for name in ("attn_q", "attn_k", "attn_v")
            )
            q, k = self._turned(q, at), self._turned(k, at)
            if past:
                k, v = torch.cat([past[n][0], k], 2), torch.cat([past[n][1], v], 2)
            kept.append((k, v))
            times = self._heads // self._shared
            mixed = F.scaled_dot_product_attention(
                q,
                k.repeat_interleave(times, 1),
                v.repeat_interleave(times, 1),
                attn_mask=seen[:, None],
            )
            x = x + self._linear(mixed.transpose(1, 2).flatten(2), n, "attn_output", adapted)
            h = self._norm(x, f"blk.{n}.ffn_norm")
            gate = F.silu(self._linear(h, n, "ffn_gate", adapted))
            h = gate * self._linear(h, n, "ffn_up", adapted)
            x = x + self._linear(h, n, "ffn_down", adapted)
        return self._norm(x, "output_norm"), kept

    def begin(self, prefix: NDArray[Any]) -> Past:
        """The keys and values [1, heads, T, size] of what all prompts begin with."""
        device = str(self._frequency.device.type)
        nothing = torch.ones(1, 0, dtype=torch.bool, device=device)
        row = Padded.of([prefix], device)
        with torch.no_grad():
            start = torch.zeros(1, dtype=torch.long, device=device)
            found = self(*row.after(start, nothing), None, False)
        return list(found[1])

    def odds(self, prompts: Prompts, batch: Sequence[int], before: Past) -> Tensor:
        """The log odds of yes [N] for the judgements of a batch."""
        device = str(self._frequency.device.type)
        texts = list(dict.fromkeys(int(prompts.of[i]) for i in batch))
        own = torch.tensor([texts.index(int(prompts.of[i])) for i in batch], device=device)
        read = Padded.of([prompts.read[t] for t in texts], device)
        turn = Padded.of([prompts.turns[i] for i in batch], device)
        start = torch.full([len(texts)], before[0][0].shape[2], device=device)
        seen = torch.ones(len(texts), int(start[0]), dtype=torch.bool, device=device)
        with torch.no_grad():
            size = (len(texts), -1, -1, -1)
            shared = [(k.expand(size), v.expand(size)) for k, v in before]
            _, past = self(*read.after(start, seen), shared, False)
            seen = torch.cat([seen, read.there], 1)[own]
            start = (start + read.there.sum(1))[own]
            _, past = self(*turn.after(start, seen), [(k[own], v[own]) for k, v in past], False)
        seen = torch.cat([seen, turn.there], 1)
        start = start + turn.there.sum(1)
        asks = Padded.of([prompts.invocation] * len(batch), device)
        states, _ = self(*asks.after(start, seen), past, True)
        last = states[:, -1]
        tied = "output.weight" not in self._w
        out = self._w["token_embd.weight" if tied else "output.weight"]
        found: Tensor = last.float() @ (out[prompts.yes].float() - out[prompts.no].float())
        return found

    def save(self, path: Path, invocation: NDArray[Any]) -> None:
        held = {k: v.detach().half().cpu().numpy() for k, v in self.lora.items()}
        np.savez(path, invocation=invocation, **held)


def judged(model: Adapted, prompts: Prompts) -> NDArray[Any]:
    """The log odds of yes for all `prompts`, in their order."""
    before = model.begin(prompts.prefix)
    found = np.zeros(len(prompts.turns), np.float32)
    with torch.no_grad():
        for batch in prompts.batches(random.Random(0)):
            found[batch] = model.odds(prompts, batch, before).cpu().numpy()
    return found


def train(model: Adapted, prompts: Prompts, seconds: float, rate: float, seed: int) -> None:
    """Trains for so many seconds, at a rate that falls to nothing by then."""
    rng = random.Random(seed)
    device = str(model._frequency.device.type)
    before = model.begin(prompts.prefix)
    labels = torch.tensor(prompts.labels).float().to(device)
    weights = prompts.weights().to(device)
    optimizer = torch.optim.AdamW(model.lora.parameters(), lr=rate, weight_decay=0.01)
    start, steps, seen, mean = time.monotonic(), 0, 0, 0.7
    left: list[list[int]] = []
    while (done := (time.monotonic() - start) / seconds) < 1:
        left = left or prompts.batches(rng)
        batch = left.pop()
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (steps + 1) / 40) * (1 - done)
        odds = model.odds(prompts, batch, before)
        own = torch.tensor(batch, device=device)
        loss = F.binary_cross_entropy_with_logits(odds, labels[own], weights[own])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        # In half precision a gradient may be no number, of one batch in a hundred.
        if nn.utils.clip_grad_norm_(model.lora.parameters(), 1.0).isfinite():
            optimizer.step()
        steps += 1
        seen += len(batch)
        mean = 0.98 * mean + 0.02 * loss.item()
        if steps % 20 == 0:
            spent = time.monotonic() - start
            print(f"{spent:.0f} s, step {steps}, {seen} judgements, loss {mean:.3f}", flush=True)


def write(held: Mapping[str, NDArray[Any]], path: Path) -> None:
    """As llama.cpp reads an adapter."""
    import gguf

    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA)
    writer.add_key_value(
        "adapter.alora.invocation_tokens",
        [int(token) for token in held["invocation"]],
        gguf.GGUFValueType.ARRAY,
        gguf.GGUFValueType.UINT32,
    )
    for name in held:
        if name != "invocation":
            layer, target, side = name.split("-")
            writer.add_tensor(f"blk.{layer}.{target}.weight.lora_{side}", held[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Trains and judges other prompts, or writes what was trained as GGUF."""
    parser = argparse.ArgumentParser(prog="python -m eval.train_adapter", description=__doc__)
    parser.add_argument("data", type=Path, help="the prompts, or with --write what was trained")
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", type=Path, help="write an adapter for llama.cpp")
    parser.add_argument("--score", type=Path, help="prompts to judge when trained")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=465.0)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    if args.write:
        write(np.load(args.data), args.write)
        return 0
    torch.manual_seed(args.seed)
    prompts = Prompts(args.data)
    scored = Prompts(args.score) if args.score else None
    model = Adapted(args.model, args.device)
    print(f"{len(prompts.turns)} judgements of {len(prompts.read)} texts", flush=True)
    train(model, prompts, args.seconds, args.rate, args.seed)
    model.save(args.out, prompts.invocation)
    if scored:
        np.save(args.out.with_name("judged.npy"), judged(model, scored))
    return 0


if __name__ == "__main__":
    sys.exit(main())
