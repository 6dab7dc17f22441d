"""A small cross-encoder that scores whether evidence supports a claim."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index import ModelError
from index.embedding import PACKAGED as MINILM
from index.embedding import locate

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification

WEIGHTS = Path(__file__).parent / "checker.safetensors"
PACKAGED = "packaged"
MAX_TOKENS = 256


class Checker(Protocol):
    """Scores claims against evidence. `name` identifies the model."""

    name: str

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """A logit for each (evidence, claim): above 0 is rather supported than not."""


class PackagedChecker:
    """The packaged MiniLM with weights that eval.train_checker made.

    Loaded with the first score, which raises ModelError if the packaged model is not installed.
    """

    name = PACKAGED

    def __init__(self, weights: Path = WEIGHTS, int8: bool = True) -> None:
        """With `int8` its linear layers calculate with whole numbers of eight bits."""
        self._weights = weights
        self._int8 = int8
        # A tokenizer is for one thread at a time.
        self._lock = threading.Lock()

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        import torch

        logits: list[float] = []
        with self._lock, torch.inference_mode():
            tokenizer, model = self._loaded
            for evidence, claim in pairs:
                coded = tokenizer(
                    evidence,
                    claim,
                    truncation="longest_first",
                    max_length=MAX_TOKENS,
                    return_tensors="pt",
                )
                logits.append(float(model(**coded).logits[0, 0]))
        return logits

    @cached_property
    def _loaded(self) -> tuple[Any, BertForSequenceClassification]:
        from safetensors.torch import load_file
        from transformers import AutoTokenizer

        folder = locate(MINILM)
        model = untrained(folder)
        # What was not trained is the packaged model's and is not stored twice.
        trained = {k: v.float() for k, v in load_file(self._weights).items()}
        model.load_state_dict(trained, strict=False)
        model.eval()  # type: ignore[no-untyped-call]
        if self._int8:
            model = _in_int8(model)
        return AutoTokenizer.from_pretrained(folder), model


def _in_int8(model: BertForSequenceClassification) -> BertForSequenceClassification:
    """`model` with dynamically quantised linear layers; as it is where torch has none."""
    import torch

    quantization = getattr(torch.ao, "quantization", None)
    if quantization is None:  # It is announced that it will be taken out.
        return model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return quantization.quantize_dynamic(  # type: ignore[no-any-return]
            model, {torch.nn.Linear}, dtype=torch.qint8
        )


class CrossEncoderChecker:
    """Any cross-encoder for natural-language inference, by folder or hub name.

    Its score is the probability of entailment, as a logit: of one label, of the label named so, or
    of the last of two.
    """

    def __init__(self, model: str, revision: str | None = None) -> None:
        """Raises ModelError if the model cannot be loaded."""
        from sentence_transformers import CrossEncoder

        self.name = f"{model}@{revision}" if revision else model
        try:
            self._model = CrossEncoder(model, revision=revision)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The checker {model!r} cannot be loaded: {error}. Give a folder or the hub name "
                "of a cross-encoder in ASSISTANT_CHECKER, or set it to packaged."
            ) from error
        named = {str(n).casefold(): i for i, n in self._model.config.id2label.items()}
        self._label = next(
            (int(i) for n, i in named.items() if n.startswith("entail") or n == "supported"),
            len(named) - 1,
        )

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        import torch

        logits = self._model.predict(
            list(pairs), activation_fn=torch.nn.Identity(), convert_to_tensor=True
        ).float()
        if logits.ndim == 1:
            return [float(x) for x in logits]
        others = logits.clone()
        others[:, self._label] = -torch.inf
        return [float(x) for x in logits[:, self._label] - others.logsumexp(1)]


def untrained(folder: str) -> BertForSequenceClassification:
    """The packaged MiniLM in `folder` with a head that is not trained."""
    from transformers import BertForSequenceClassification
    from transformers.utils import logging

    told = logging.get_verbosity()
    # Else it warns that the head is new, which is meant.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        return BertForSequenceClassification.from_pretrained(folder, num_labels=1)
    finally:
        logging.set_verbosity(told)
