"""What a run found, as JSON, as JUnit XML and as Markdown; and whether it is good enough."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from eval.cases import KINDS, Case, SuiteError, digest
from eval.judge import Accuracy
from eval.metrics import Estimate, changed, holm, paired
from eval.score import LOWER_IS_BETTER, METRICS, Score, by_case, summary

SCHEMA = "article-assistant/eval/1"

_SURE = 0.05

Report = dict[str, Any]


def build(
    scores: Sequence[Score],
    system: Mapping[str, Any],
    judge: Mapping[str, Any],
    accuracy: Accuracy | None,
    times: Mapping[str, Any],
) -> Report:
    """The whole report. Equal but for `times`, if everything else is. Raises SuiteError if none of
    the cases could be scored.
    """
    scored = [s for s in scores if not s.reply.error]
    if not scored:
        why = f": {scores[0].reply.error}" if scores else ""
        raise SuiteError(f"No case could be scored{why}")
    cases = [s.case for s in scores]
    return {
        "schema": SCHEMA,
        "suite": of_suite(cases),
        "system": dict(system),
        "judge": {**judge, **({"accuracy": asdict(accuracy)} if accuracy else {})},
        "metrics": {n: asdict(e) for n, e in summary(scored).items()},
        "kinds": {
            kind: {n: asdict(e) for n, e in summary(of_kind, draws=200).items()}
            for kind in KINDS
            if (of_kind := [s for s in scored if s.case.row.kind == kind])
        },
        "passed": sum(s.passed for s in scores),
        "failed": sum(not s.passed and not s.reply.error for s in scores),
        "errors": [{"id": s.case.id, "error": s.reply.error} for s in scores if s.reply.error],
        "cases": [_case(s) for s in scores],
        "times": {
            **times,
            "seconds": {s.case.id: s.reply.seconds for s in scores if s.reply.seconds is not None},
        },
    }


def of_suite(cases: Sequence[Case]) -> dict[str, Any]:
    """Which suite it is, and how large."""
    return {
        "digest": digest(cases),
        "cases": len(cases),
        "articles": len({c.article_id for c in cases}),
    }


def _case(score: Score) -> dict[str, Any]:
    reply = score.reply
    return {
        "id": score.case.id,
        "kind": score.case.row.kind,
        "article": score.case.article.title,
        "article_id": score.case.article_id,
        "question": score.case.row.question,
        "answer": reply.answer,
        "refused": reply.refused,
        "confidence": reply.confidence,
        "passed": score.passed,
        "reasons": list(score.reasons),
        "doubts": list(score.doubts),
        "values": {n: list(v) for n, v in score.values.items()},
        "evidence": [list(g) for g in score.case.row.evidence],
        "sentences": [
            {
                "text": j.sentence.text,
                "citations": list(j.sentence.citations),
                "verdict": j.sentence.verdict,
                "score": j.sentence.score,
                "supported": j.judgement.supported,
                "probability": j.judgement.probability,
                "why": j.judgement.why,
                "nearest": list(j.judgement.evidence[:2]),
            }
            for j in score.judged
        ],
    }


@dataclass(frozen=True)
class Finding:
    """One thing that the gate looked at."""

    good: bool
    text: str


def gate(report: Report, limits: Mapping[str, float]) -> list[Finding]:
    """Each limit held against its metric. A metric without cases does not meet its limit, nor does
    a report with a case that failed to run.
    """
    findings: list[Finding] = []
    for name, limit in limits.items():
        found = report["metrics"].get(name)
        if found is None:
            findings.append(Finding(False, f"{name} has no cases; {limit:g} is wanted"))
            continue
        value, lower = found["value"], name in LOWER_IS_BETTER
        good = value <= limit if lower else value >= limit
        sign = "at most" if lower else "at least"
        findings.append(
            Finding(good, f"{name} is {value:.4g}, n={found['n']}; {sign} {limit:g} is wanted")
        )
    if report["errors"]:
        first = report["errors"][0]
        findings.append(
            Finding(
                False,
                f"{len(report['errors'])} of {report['suite']['cases']} cases failed to run "
                f"(first {first['id']}: {first['error']})",
            )
        )
    return findings


def limits(text: str) -> dict[str, float]:
    """ "faithfulness=0.95,abstention_f1=0.8" as numbers. Raises SuiteError for anything else, and
    for nothing: a gate without a limit is none.
    """
    found: dict[str, float] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, value = part.partition("=")
        if name not in METRICS:
            raise SuiteError(f"{name!r} is no metric. Metrics: {', '.join(METRICS)}.")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = math.nan
        if not 0 <= found[name] <= 1:
            raise SuiteError(f"The limit of {name} is {value!r}; give a number from 0 to 1.")
    if not found:
        raise SuiteError("--fail-under names no metric; give METRIC=X, or leave it out.")
    return found


def comparable(report: Mapping[str, Any], baseline: Report) -> None:
    """Raises NotComparable unless suite, judge and models are the same."""
    for part, key in (("suite", "digest"), ("judge", "digest"), ("system", "models")):
        old, new = baseline[part].get(key), report[part].get(key)
        if old != new:
            raise NotComparable(f"The baseline has another {part}: {old} there, {new} here.")


def compare(report: Report, baseline: Report, scores: Sequence[Score]) -> list[Finding]:
    """Each metric against a report made before, case by case.

    Not good is a fall whose p-value, over all metrics (Holm), is below 0.05. Raises NotComparable.
    """
    comparable(report, baseline)
    clusters = {s.case.id: s.case.article_id for s in scores}
    before = {c["id"]: c for c in baseline["cases"]}
    p_values, falls = dict[str, float](), dict[str, float]()
    for name in METRICS:
        if name in _OF_REFUSALS:
            rows, articles = _refusals(before, scores)
            if difference := _OF_REFUSALS[name](rows):
                falls[name] = difference
                p_values[name] = changed(rows, articles, _OF_REFUSALS[name])
            continue
        new_values = by_case(scores, name)
        old_values = {i: v for i, c in before.items() if (v := _value(c, name)) is not None}
        both = [i for i in new_values if i in old_values]
        if both:
            p_values[name] = paired(old_values, new_values, clusters)
            falls[name] = sum(new_values[i] - old_values[i] for i in both) / len(both)
    findings: list[Finding] = []
    for name, p in holm(p_values).items():
        fall = falls[name] * (-1 if name in LOWER_IS_BETTER else 1)
        sure = p < _SURE
        note = "" if sure else ", may be chance"
        findings.append(
            Finding(not (sure and fall < 0), f"{name} {falls[name]:+.4f} (p={p:.2g}{note})")
        )
    return findings


Refused = tuple[bool, bool, bool]
"""Whether a case has to be refused, whether it was before, and whether it is now."""


def _refusals(
    before: Mapping[str, Any], scores: Sequence[Score]
) -> tuple[list[Refused], list[str]]:
    """Those of the cases that both have, but false premises; and their articles."""
    both = [s for s in scores if s.case.id in before and s.case.row.kind != "false_premise"]
    both = [s for s in both if s.values and before[s.case.id]["values"]]
    rows = [
        (not s.case.row.answerable, bool(before[s.case.id]["refused"]), s.reply.refused)
        for s in both
    ]
    return rows, [s.case.article_id for s in both]


def _f1_change(rows: Sequence[Refused]) -> float:
    def f1(which: int) -> float:
        whole = sum(r[0] for r in rows) + sum(r[which] for r in rows)
        return 2 * sum(r[0] and r[which] for r in rows) / whole if whole else 0.0

    return f1(2) - f1(1)


def _precision_change(rows: Sequence[Refused]) -> float:
    def precision(which: int) -> float:
        whole = sum(r[which] for r in rows)
        return sum(r[0] and r[which] for r in rows) / whole if whole else 1.0

    return precision(2) - precision(1)


_OF_REFUSALS = {"abstention_f1": _f1_change, "abstention_precision": _precision_change}
"""Metrics that are no mean over cases."""


def _value(case: Mapping[str, Any], name: str) -> float | None:
    values = case["values"].get(name)
    return sum(values) / len(values) if values else None


class NotComparable(Exception):
    """Two reports that were not made with the same suite, judge and models."""


def read_report(path: Path) -> Report:
    """A report written before. Raises SuiteError, or NotComparable if it has another schema."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SuiteError(f"Cannot read the report {str(path)!r}: {error}.") from None
    if not isinstance(report, dict) or "schema" not in report:
        raise SuiteError(f"{str(path)!r} is not a report of this evaluation.")
    if report["schema"] != SCHEMA:
        raise NotComparable(f"The baseline has schema {report['schema']!r}, this is {SCHEMA!r}.")
    if lost := {"suite", "judge", "system", "cases"} - report.keys():
        raise SuiteError(f"{str(path)!r} is not a whole report: it has no {min(lost)}.")
    return report


def junit(scores: Sequence[Score], name: str) -> bytes:
    """JUnit XML with one test case for each case."""
    root = ElementTree.Element("testsuites", name=name)
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(scores)),
        failures=str(sum(not s.passed and not s.reply.error for s in scores)),
        errors=str(sum(bool(s.reply.error) for s in scores)),
    )
    for s in scores:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            name=s.case.id,
            classname=f"{name}.{s.case.row.kind}",
            time=f"{s.reply.seconds or 0:.2f}",
        )
        told = _told(s.case, s)
        if s.reply.error:
            error = ElementTree.SubElement(case, "error", message=_clean(s.reply.error))
            error.text = told
        elif s.reasons:
            failure = ElementTree.SubElement(case, "failure", message=_clean(s.reasons[0]))
            failure.text = told
        elif s.doubts:
            ElementTree.SubElement(case, "system-out").text = told
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _told(case: Case, score: Score) -> str:
    lines = [f"question: {case.row.question}", f"answer: {score.reply.answer}"]
    lines += [*score.reasons, *score.doubts]
    lines += [f"gold evidence: {' / '.join(group)}" for group in case.row.evidence]
    return _clean("\n".join(lines))


def _clean(text: str) -> str:
    """`text` without the control characters that XML cannot hold."""
    return "".join(c for c in text if c in "\t\n" or ord(c) >= 32)


def markdown(report: Report, findings: Sequence[Finding] = (), failed: int = 20) -> str:
    """A comment for a pull request."""
    head = f"{report['passed']} of {report['suite']['cases']} cases pass"
    if findings:
        head = f"{'good' if all(f.good for f in findings) else 'not good enough'}, {head}"
    lines = [f"### Faithfulness: {head}", ""]
    lines += [f"- {'✅' if f.good else '❌'} {_cell(f.text)}" for f in findings]
    lines += ["", "| metric | value | 95 % interval | n |", "|---|---|---|---|"]
    for name, m in report["metrics"].items():
        lines.append(
            f"| {name} | {m['value']:.1%} | {m['low']:.1%} to {m['high']:.1%} | {m['n']} |"
        )
    lines += ["", judged(report)]
    bad = [c for c in report["cases"] if c["reasons"]]
    if bad:
        lines += ["", f"<details><summary>{len(bad)} cases do not pass</summary>", ""]
        lines += ["| case | question | why |", "|---|---|---|"]
        for case in bad[:failed]:
            why = _cell("; ".join(case["reasons"]))
            lines.append(f"| {case['id']} | {_cell(case['question'])} | {why} |")
        if len(bad) > failed:
            lines.append(f"| | | and {len(bad) - failed} more in report.html |")
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """`text` as plain text in a Markdown table."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}" if mark not in "<>" else f"&{'lg'[mark == '>']}t;")
    return " ".join(text.split())


def judged(report: Report) -> str:
    """One line: how good the judge is, and what another one says."""
    accuracy = report["judge"].get("accuracy")
    second = ""
    if opinion := report.get("llm_judge"):
        second = f" {opinion['name']} says neither yes nor no of {opinion['unclear']} sentences"
        if opinion["n"]:
            yes, same = (Estimate(**opinion[part]) for part in ("supported", "agrees"))
            second += f", finds {yes} supported, and agrees with the judge on {same}"
        second += "."
    if not accuracy:
        return f"Judge: {report['judge']['name']}, its accuracy was not measured.{second}"
    b = accuracy["balanced"]
    return (
        f"The judge has a balanced accuracy of {b['value']:.1%} ({b['low']:.1%} to {b['high']:.1%},"
        f" n={b['n']}, {accuracy['source']}); counting words gets {accuracy['floor']:.1%} there, "
        f"chance 50 %.{second}"
    )


def table(report: Report) -> str:
    """The metrics for a terminal."""
    rows = [
        f"  {n:<20} {Estimate(**m)!s}{'  (lower is better)' if n in LOWER_IS_BETTER else ''}"
        for n, m in report["metrics"].items()
    ]
    return "\n".join(rows)
