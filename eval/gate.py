"""Fits how sure to be that an article answers, and shows what each strictness means.

    python -m eval.gate ../shared/data/qa_dev.jsonl eval/data/record.jsonl eval/data/suite \\
        --articles ../shared/articles --limit 120

Every question is answered, whatever the signals, and they are kept. Rates are for questions on
articles left out of the fit. Cases are those of eval.cases; not those with a changed article, or a
false premise, which may be corrected as well, nor questions about an article as a whole, of which
the signals do not decide, nor articles in another language than English, of which the first
signal decides alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from assistant import AssistantError
from assistant.gate import THRESHOLDS
from eval.cases import Case, SuiteError, read, thin
from eval.metrics import Rate, auc
from eval.systems import on_articles, open_models

SIGNALS = ("refusal", "answerable", "answers", "supported", "fluency")

_MISSING = {"answers": -4.0, "supported": -4.0}
"""What stands for a signal of a question to which no sentence was fit to be shown; else 0."""

_FITS = (
    ("answerable", "supported"),
    ("answerable",),
    ("refusal", "answers", "fluency"),
    ("refusal", "answers"),
    ("refusal",),
)
"""Those that are known together, of a model that judges and of others, later and before. Fluency
adds nothing to what a model judges."""

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Names = NDArray[np.str_]


def main(argv: Sequence[str] | None = None) -> int:
    """Prints AUCs, operating points and the fit. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.gate", description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--articles", type=Path, help="folder of article files")
    parser.add_argument("--limit", type=int, help="so many cases of each file, spread evenly")
    parser.add_argument("--replay", type=Path, help="keep replies here, and use those kept")
    args = parser.parse_args(argv)
    try:
        found = _signals(args.data, args.articles, args.limit, args.replay)
    except AssistantError as error:
        print(f"eval.gate: {error}", file=sys.stderr)
        return 2
    values = np.array([[s.get(n, _MISSING.get(n, 0.0)) for n in SIGNALS] for *_, s in found])
    labels = np.array([answerable for answerable, _, _, _ in found])
    groups = np.array([group for _, group, _, _ in found])
    sets = np.array([source for _, _, source, _ in found])
    for line in report(values, labels, groups, sets):
        print(line)
    return 0


def report(values: Array, labels: Flags, groups: Names, sets: Names) -> list[str]:
    """AUCs of the signals alone and together, the operating points, and the fit."""
    lines = ["signals | AUC on articles left out"]
    # A model that judges is not asked for its refusal, nor another to judge.
    known = tuple(n for n, told in zip(SIGNALS, values.std(0) > 0, strict=True) if told)
    fits = [names for names in _FITS if set(names) <= set(known)]
    alone = [(name,) for name in known if (name,) not in fits]
    for named in (*alone, *reversed(fits), known):
        columns = _columns(named)
        p = left_out(values[:, columns], labels, groups)
        areas = " ".join(
            f"{s} {auc(list(p[(sets == s) & ~labels]), list(p[(sets == s) & labels])):.3f}"
            for s in dict.fromkeys(sets)
        )
        lines.append(
            f"{' + '.join(named)} | all {auc(list(p[~labels]), list(p[labels])):.3f} {areas}"
        )
    p = left_out(values[:, _columns(fits[0])], labels, groups)
    settings = {t: name for name, t in THRESHOLDS.items()}
    lines.append("confidence | wrongly refused | rightly refused")
    for at in sorted({0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, *settings}):
        rates = list[str]()
        for s in dict.fromkeys(sets):
            yes, no = p[(sets == s) & labels], p[(sets == s) & ~labels]
            rates.append(f"{s}: {Rate.of(yes < at)}, {Rate.of(no < at)}")
        lines.append(f"{at:.2f} | {' | '.join(rates)} {settings.get(at, '')}".rstrip())
    for named in fits:
        scaler, fitted = _fit(values[:, _columns(named)], labels)
        weights = fitted.coef_[0] / scaler.scale_
        listed = ", ".join(f"{name} {w:.3f}" for name, w in zip(named, weights, strict=True))
        lines.append(
            f"fit: {listed}, intercept {fitted.intercept_[0] - weights @ scaler.mean_:.3f}"
        )
    return lines


def _columns(names: Sequence[str]) -> list[int]:
    return [SIGNALS.index(name) for name in names]


def left_out(values: Array, labels: Flags, groups: Names) -> Array:
    """For each question the confidence, fitted on questions about other articles."""
    p = np.zeros(len(labels))
    for group in np.unique(groups):
        test = groups == group
        p[test] = _fit(values[~test], labels[~test]).predict_proba(values[test])[:, 1]
    return p


def _fit(values: Array, labels: Flags):  # type: ignore[no-untyped-def]
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Both kinds count alike.
    return make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced")).fit(
        values, labels
    )


def _counts(case: Case) -> bool:
    return not case.row.edit and not case.row.insert and case.row.kind != "false_premise"


def _signals(
    paths: Sequence[Path], folder: Path | None, limit: int | None, replay: Path | None
) -> list[tuple[bool, str, str, dict[str, float]]]:
    """For each case: answerable, its article, its file, and the signals."""
    found: list[tuple[bool, str, str, dict[str, float]]] = []
    with open_models(replay, strictness=0.0) as models:
        for path in paths:
            cases = [c for c in read([path], folder) if _counts(c)]
            cases = thin(cases, limit)
            for case, on in tqdm(on_articles(models, cases), path.stem, len(cases)):
                answer = on.ask(case.row.question, case.history)
                if not answer.signals or "overall" in answer.signals:
                    continue  # Decided by other things.
                if on.article.language != "en":
                    continue  # No sentence is judged, so it would look like one that failed.
                if not answer.signals.keys() & {"refusal", "answerable"}:
                    raise SuiteError("A language model with log probabilities is needed.")
                found.append((case.row.answerable, case.article_id, path.stem, answer.signals))
    return found


if __name__ == "__main__":
    sys.exit(main())
