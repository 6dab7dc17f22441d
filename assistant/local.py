"""llama.cpp in this process: its own server on loopback, seen through the endpoint client."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant import prompt
from assistant.llm import Endpoint, Message
from index import ModelError

MAX_CONTEXT = 16384
"""Tokens. The cache of a 1.5B model takes 29 KB for each, so 470 MB; longer articles are read in
passages. Reading runs at 40 to 90 tokens a second on two cores: a larger window would rather make
people wait minutes than show them more."""

_PROMPT_CACHE_MIB = 512
"""How much llama.cpp keeps of other prompts, so that changing articles and back costs nothing."""


def check_gguf(path: Path) -> None:
    """Raises ModelError if `path` is not a GGUF file."""
    if not path.is_file():
        raise ModelError(f"No such model file: {str(path)!r}. Check ASSISTANT_LLM.")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ModelError(f"{str(path)!r} is not a GGUF model. Check ASSISTANT_LLM.")


JUDGE = Path(__file__).parent / "judge.gguf"
"""The adapter with which the packaged model judges."""

BATCH = 16
"""Tokens read at a time; between batches a stop is seen and progress told. On two cores 64 are read
at 63 a second and rest 1.0 s after a stop (median of 6, at most 1.9), 32 at 56 and .4 s (of 10, at
most 1.0), 16 at 47 and .3 s (of 10, at most .5): `python -m eval.bench.stop`. With another number
replies differ, so it is the same on every machine. With 2048, llama.cpp's default, reading is 3 to
9 % faster than with 64 and cannot be stopped."""


class LocalLLM(Endpoint):
    """A GGUF model run by llama.cpp (xllamacpp) in this process.

    The engine's HTTP server listens on a random port of 127.0.0.1 and asks for a key that only
    this object knows. Closing a stream stops the model as with a remote one, only sooner.
    """

    def __init__(
        self,
        path: Path,
        context: int = 0,
        threads: int = 0,
        timeout: float = 300.0,
        batch: int = BATCH,
        judge: Path | None = None,
    ) -> None:
        """`judge` is an activated LoRA for the model, made by eval.train_adapter: it changes
        nothing but the replies to `prompt.judged`.

        Raises ModelError if a file cannot be loaded or the engine is not installed.
        """
        check_gguf(path)
        try:
            import xllamacpp
        except ImportError as error:
            raise ModelError(
                "The local engine is not installed. Run `make install` or `pip install "
                "'article-assistant[local]'`, or set ASSISTANT_LLM_BASE_URL or ASSISTANT_LLM=none."
            ) from error
        key = secrets.token_urlsafe(24)
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx = context or MAX_CONTEXT
        parameters.n_parallel = 1
        parameters.n_batch = parameters.n_ubatch = batch
        parameters.cache_ram_mib = _PROMPT_CACHE_MIB
        parameters.api_keys = [key]
        parameters.verbosity = 0
        parameters.warmup = False
        for threads_of in (parameters.cpuparams, parameters.cpuparams_batch):
            threads_of.n_threads = threads or os.cpu_count() or 1
        adapters = [judge] if judge else []
        # Off, unless a request asks for it.
        parameters.lora_adapters = [
            xllamacpp.CommonAdapterLoraInfo(str(adapter), 0.0) for adapter in adapters
        ]
        try:
            self._server: Any = xllamacpp.Server(parameters)
        except (RuntimeError, ValueError) as error:
            files = " with ".join(repr(str(p)) for p in (path, *adapters))
            raise ModelError(
                f"llama.cpp cannot load {files}: {error}. A file may be damaged, or memory "
                "too small; set ASSISTANT_LLM to another model or to none."
            ) from error
        url = f"{self._server.listening_address}/v1"
        super().__init__(url, path.stem, key, timeout, llama_cpp=True)
        self.judges = judge is not None

    def _adapter(self, messages: Sequence[Message]) -> dict[str, Any]:
        judging = self.judges and messages[-1].content.endswith(prompt.JUDGE)
        return {"lora": [{"id": 0, "scale": 1.0}]} if judging else {}

    def close(self) -> None:
        super().close()
        self._server = None
