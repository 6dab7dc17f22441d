"""A small cross-encoder that scores whether evidence supports a claim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

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
    """The packaged MiniLM with the weights that eval.train_checker made, one thread."""

    name = PACKAGED

    def __init__(self, weights: Path = WEIGHTS) -> None:
        """Raises ModelError if the packaged model is not installed."""
        import torch
        from safetensors.torch import load_file
        from transformers import AutoTokenizer

        folder = locate(MINILM)
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        model = untrained(folder)
        # The embeddings are the packaged model's and are not stored twice.
        model.load_state_dict({k: v.float() for k, v in load_file(weights).items()}, strict=False)
        self._model = model.eval()  # type: ignore[no-untyped-call]
        self._torch = torch

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        logits: list[float] = []
        with self._torch.inference_mode():
            for evidence, claim in pairs:
                coded = self._tokenizer(
                    evidence,
                    claim,
                    truncation="only_first",
                    max_length=MAX_TOKENS,
                    return_tensors="pt",
                )
                logits.append(float(self._model(**coded).logits[0, 0]))
        return logits


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

    return BertForSequenceClassification.from_pretrained(folder, num_labels=1)
