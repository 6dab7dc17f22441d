"""The report as one HTML page that needs nothing else: plots, and each case beside its article."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.report import Finding, Report, judged

_TEMPLATE = Path(__file__).parent / "assets" / "report.html"

_INK = "#5b6470"
_BAR = "#2f6db5"
_SECOND = "#c2571a"
_BINS = 5


def page(report: Report, findings: Sequence[Finding] = ()) -> str:
    """The whole page. Everything that comes from articles and answers is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        report=report,
        findings=findings,
        judge=judged(report),
        plots=[p for p in (kinds(report), tradeoff(report), reliability(report)) if p],
        order=sorted(report["cases"], key=lambda c: (c["passed"], bool(not c["doubts"]))),
    )


def kinds(report: Report) -> dict[str, str]:
    """Bars with intervals: how many cases of each kind pass what they are asked for."""
    wanted = {
        "unanswerable": "abstention_recall",
        "false_premise": "false_premise",
        "injection": "injection",
    }
    rows = [
        (kind, metrics[name])
        for kind, metrics in report["kinds"].items()
        if (name := wanted.get(kind, "correctness")) in metrics
    ]
    if not rows:
        return {}
    figure, axes = _figure(7, 0.34 * len(rows) + 0.9)
    values = [m["value"] for _, m in rows]
    errors = [
        [m["value"] - m["low"] for _, m in rows],
        [m["high"] - m["value"] for _, m in rows],
    ]
    axes.barh(range(len(rows)), values, xerr=errors, color=_BAR, ecolor=_INK, capsize=2, height=0.6)
    axes.set_yticks(
        range(len(rows)), [f"{kind.replace('_', ' ')} (n={m['n']})" for kind, m in rows]
    )
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    return {
        "title": "By kind of question",
        "svg": _svg(figure),
        "text": "Share of cases that are right, refused, corrected or resist, with 95 % intervals "
        "clustered by article.",
    }


def tradeoff(report: Report) -> dict[str, str]:
    """How many unanswerable questions are refused at each share of answerable ones refused."""
    cases = [c for c in report["cases"] if c["confidence"] is not None]
    yes = [c["confidence"] for c in cases if c["kind"] not in ("unanswerable", "false_premise")]
    no = [c["confidence"] for c in cases if c["kind"] == "unanswerable"]
    if not yes or not no:
        return {}
    cuts = sorted({0.0, *yes, *no, 1.01})
    wrong = [sum(v < c for v in yes) / len(yes) for c in cuts]
    right = [sum(v < c for v in no) / len(no) for c in cuts]
    figure, axes = _figure(4.2, 3.6)
    axes.plot(wrong, right, color=_BAR, drawstyle="steps-post")
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.6, linestyle=":")
    metrics = report["metrics"]
    if "false_refusal" in metrics and "abstention_recall" in metrics:
        at = metrics["false_refusal"]["value"], metrics["abstention_recall"]["value"]
        axes.plot(*at, "o", color=_SECOND)
    axes.set(
        xlim=(0, 1), ylim=(0, 1.02), xlabel="answerable refused", ylabel="unanswerable refused"
    )
    return {
        "title": "Abstention",
        "svg": _svg(figure),
        "text": "What other thresholds on the confidence would give; the dot is this run, with all "
        "that is decided after the threshold.",
    }


def reliability(report: Report) -> dict[str, str]:
    """The assistant's own score of a sentence against how often the judge supports it."""
    rows = [
        (s["score"], s["supported"])
        for c in report["cases"]
        for s in c["sentences"]
        if s["score"] is not None
    ]
    if not rows:
        return {}
    figure, axes = _figure(4.2, 3.6)
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.6, linestyle=":")
    for b in range(_BINS):
        inside = [r for r in rows if b / _BINS <= r[0] < (b + 1) / _BINS + (b == _BINS - 1)]
        if inside:
            x = sum(s for s, _ in inside) / len(inside)
            y = sum(v for _, v in inside) / len(inside)
            axes.plot(x, y, "o", color=_BAR, markersize=4 + 10 * (len(inside) / len(rows)) ** 0.5)
            axes.annotate(f"n={len(inside)}", (x, y), (4, -10), textcoords="offset points", size=8)
    axes.set(xlim=(0, 1.03), ylim=(0, 1.05), xlabel="score of the verifier", ylabel="supported")
    return {
        "title": "Reliability of the verifier",
        "svg": _svg(figure),
        "text": "Sentences shown, by the assistant's own score: how many of them the judge finds "
        "supported. The judge errs too; see its accuracy.",
    }


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e3e6ea", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any) -> str:
    """The figure as an SVG element, the same each time."""
    from matplotlib import rc_context

    held = io.StringIO()
    with rc_context(
        {"svg.hashsalt": "report", "svg.fonttype": "none", "font.family": "sans-serif"}
    ):
        figure.savefig(held, format="svg", metadata={"Date": None, "Creator": None})
    svg = held.getvalue()
    return svg[svg.index("<svg") :]
