"""Fits how the signals of support are combined, and shows what each is worth.

    python -m eval.fit_verifier ../shared/data/verifier_dev.jsonl
    python -m eval.fit_verifier ../shared/data/verifier_dev.jsonl --asked --judged F.jsonl --write

With --judged, the packaged model's judgements of the claims are read from F.jsonl, or asked for and
kept there: some four seconds a claim on two cores. Claims are JSON lines with context, claim, label
(1 supported), domain, group, and question if there was one. All figures are for claims whose group
(document) was left out of the fit. What is written for answers to questions is fitted with --asked,
on the claims that have a question, for the rest without, on all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from assistant import prompt
from assistant.checker import PackagedChecker
from assistant.citations import Attributor
from assistant.engine import open_llm
from assistant.gate import judgement
from assistant.settings import read as read_settings
from assistant.verify import FEATURES, FITTED, Verifier, bare
from assistant.words import terms
from eval.adapter_data import ANYTHING
from eval.metrics import auc
from eval.replay import Replay
from index import (
    Article,
    AssistantError,
    ModelError,
    SentenceTransformerEmbedder,
    detect_language,
    normalise,
)

Array = NDArray[np.float64]
FOLDS = 10
SHUFFLES = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table of balanced accuracy, AUC and calibration. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.fit_verifier", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="keep the fit for the assistant")
    parser.add_argument("--asked", action="store_true", help="only claims that have a question")
    parser.add_argument("--judged", type=Path, help="keep the model's judgements here")
    parser.add_argument("--features", type=Path, help="read the features here, or write them")
    args = parser.parse_args(argv)
    try:
        rows = [json.loads(line) for line in args.data.read_text().splitlines()]
        if args.asked:
            rows = [row for row in rows if row.get("question")]
        # The model reads once what several claims are about.
        rows.sort(key=lambda row: (row["context"], row.get("question") or ""))
        if args.features and args.features.is_file():
            values = np.load(args.features)
        else:
            values = np.array(list(tqdm(map(_Features(), rows), total=len(rows))))
            if args.features:
                np.save(args.features, values)
        if args.judged:
            values = np.c_[values, _judgements(rows, args.judged)]
    except (AssistantError, OSError, ValueError, KeyError) as error:
        print(f"eval.fit_verifier: {error}", file=sys.stderr)
        return 2
    labels = np.array([row["label"] for row in rows])
    groups = np.array([str(row["group"]) for row in rows])
    domains = np.array([row["domain"] for row in rows])
    last = len(FEATURES) - 1
    lexical, checker, judged = list(range(last)), [last], [last + 1]
    trials = {f"only: {name}": [i] for i, name in enumerate(FEATURES)}
    trials |= {
        f"without: {n}": [j for j in range(last + 1) if j != i] for i, n in enumerate(FEATURES)
    }
    kinds = {"lexical": lexical, "all": lexical + checker}
    if args.judged:
        trials["only: judgement"] = judged
        trials["all and judgement"] = lexical + checker + judged
        kinds["judged"] = lexical + judged
    trials |= kinds
    print("features | balanced accuracy all, " + ", ".join(sorted(set(domains))) + " | AUC | ECE")
    for name, columns in trials.items():
        measured = [
            _measures(p, labels, domains) for p in left_out(values[:, columns], labels, groups)
        ]
        *rates, area, calibration = np.mean(measured, axis=0)
        print(
            f"{name:<28} {' '.join(f'{100 * r:.1f}' for r in rates)} {area:.3f} {calibration:.3f}"
        )
    if args.write:
        kept = json.loads(FITTED.read_text())
        kept["asked" if args.asked else "told"] |= {
            kind: _coefficients(values[:, columns], labels) for kind, columns in kinds.items()
        }
        FITTED.write_text(json.dumps(kept, indent=1) + "\n")
    return 0


class _Features:
    """FEATURES of a claim, by the code that the running assistant uses."""

    def __init__(self) -> None:
        self._embedder = SentenceTransformerEmbedder()
        self._checker = PackagedChecker()

    def __call__(self, row: dict[str, Any]) -> list[float]:
        text = normalise(row["context"])
        article = Article(text, language=detect_language(text) or "en")
        attributor = Attributor(article, (), self._embedder)
        claim = bare(row["claim"])
        found = attributor.attribute(claim, row.get("question") or "")
        verifier = Verifier(attributor.quotes, attributor.weights, None, article.language)
        chosen = attributor.weights.evidence(set(terms(claim)), found.sentences)
        evidence = " ".join(attributor.quotes[i] for i in chosen)
        logit = self._checker.score([(evidence, claim)])[0]
        return [*verifier.features(claim, chosen, found.similarity), logit]


def _judgements(rows: Sequence[dict[str, Any]], path: Path) -> Array:
    """The packaged model's log odds that the context of each claim says it; replies are kept in
    `path`. Raises ModelError.
    """
    opened = open_llm(read_settings())
    if opened is None or not opened.judges:
        raise ModelError("Only the packaged model judges claims. Unset ASSISTANT_LLM.")
    llm = Replay(opened, path)
    found = list[float]()
    for row in tqdm(rows):
        asked = prompt.answer(normalise(row["context"]), row.get("question") or ANYTHING)
        odds = judgement(llm, prompt.judged(asked, row["claim"]))
        assert odds is not None
        found.append(odds)
    llm.close()
    return np.array(found)


def _measures(p: Array, labels: Array, domains: Array) -> list[float]:
    """Balanced accuracy over all and in each domain, AUC and ECE."""
    parts = [np.full(len(labels), True), *(domains == d for d in sorted(set(domains)))]
    area = auc(list(p[labels == 0]), list(p[labels == 1]))
    return [*(balanced(p[part], labels[part]) for part in parts), area, ece(p, labels)]


def left_out(values: Array, labels: Array, groups: Array) -> Iterator[Array]:
    """For each claim the probability of support, fitted on the claims of other groups, which are
    divided into FOLDS in SHUFFLES ways: one division is worth half a point more or less.
    """
    from sklearn.model_selection import GroupKFold

    for seed in range(SHUFFLES):
        p = np.zeros(len(labels))
        folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
        for train, test in folds.split(values, labels, groups):
            p[test] = _fit(values[train], labels[train]).predict_proba(values[test])[:, 1]
        yield p


def _fit(values: Array, labels: Array) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3)).fit(values, labels)


def _coefficients(values: Array, labels: Array) -> dict[str, list[float]]:
    fitted = _fit(values, labels)
    scaler, regression = fitted[0], fitted[1]
    return {
        "weights": [round(float(w), 5) for w in regression.coef_[0]],
        "means": [round(float(m), 5) for m in scaler.mean_],
        "scales": [round(float(s), 5) for s in scaler.scale_],
        "intercept": [round(float(regression.intercept_[0]), 5)],
    }


def balanced(p: Array, labels: Array) -> float:
    """Balanced accuracy at a probability of one half, in [0, 1]."""
    said = p >= 0.5
    return float((said[labels == 1].mean() + (~said[labels == 0]).mean()) / 2)


def ece(p: Array, labels: Array, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width (Guo et al., 2017), in [0, 1]."""
    place = np.minimum((p * bins).astype(int), bins - 1)
    return float(
        sum(
            (place == b).mean() * abs(p[place == b].mean() - labels[place == b].mean())
            for b in range(bins)
            if (place == b).any()
        )
    )


if __name__ == "__main__":
    sys.exit(main())
