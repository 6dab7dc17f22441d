"""The command `article-assistant eval`: runs a suite, scores it, and says if it is good enough.

    article-assistant eval                                        # the shipped suite, the assistant
    article-assistant eval --suite mine.jsonl --answers answers.jsonl
    article-assistant eval --fail-under faithfulness=0.9,abstention_f1=0.7
    article-assistant eval --baseline main/report.json

Writes report.json, junit.xml, report.md and report.html. Exit codes: 0 good enough, 1 not, 2 could
not run, 3 not comparable with the baseline.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from assistant import AssistantError, Settings
from assistant.engine import open_embedder
from assistant.settings import read as read_settings
from eval.cases import KINDS, Case, SuiteError, problems, read, thin
from eval.judge import ARTICLES, Judge, accuracy_kept
from eval.llm_judge import LLMJudge
from eval.metrics import seconds
from eval.page import page
from eval.report import (
    Finding,
    NotComparable,
    Report,
    build,
    comparable,
    compare,
    gate,
    judged,
    junit,
    limits,
    markdown,
    of_suite,
    read_report,
    table,
)
from eval.score import Score, score
from eval.systems import (
    Ask,
    Kept,
    Reply,
    ask_assistant,
    ask_stock,
    from_file,
    model_digest,
    open_models,
    shape,
)

HUMAN = Path(__file__).parents[2] / "shared" / "data" / "verifier_dev.jsonl"
"""Claims with human labels, where they lie beside the project."""

HUMAN_CLAIMS = 400
"""So many of them are judged on a run, in about a minute; `python -m eval.judge` takes all."""

SYSTEMS = ("assistant", "extractive", "stock")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; see the module for exit codes."""
    args = _parser().parse_args(argv)
    try:
        wanted = limits(args.fail_under) if args.fail_under is not None else {}
        baseline = read_report(args.baseline) if args.baseline else None
        if args.baseline and args.baseline.resolve() == (args.out / "report.json").resolve():
            raise SuiteError(
                f"The baseline {str(args.baseline)!r} is where the report is written: the next run "
                "would be held against this one. Keep it elsewhere, or set --out."
            )
        everything = read(args.suite or [ARTICLES], args.articles)
        cases = _cases(everything, args)
        if args.validate:
            return _validate(cases)
        report, scores = run(
            cases,
            system=args.system,
            answers=args.answers,
            name=args.name,
            others=[c.id for c in everything],
            baseline=baseline,
            fresh=args.fresh,
            judge_accuracy=not args.no_judge_accuracy,
            llm_judge=args.llm_judge,
            progress=True,
        )
        findings = gate(report, wanted)
        if baseline is not None:
            findings += compare(report, baseline, scores)
    except NotComparable as error:
        print(f"article-assistant eval: {error}", file=sys.stderr)
        return 3
    except AssistantError as error:
        print(f"article-assistant eval: {error}", file=sys.stderr)
        return 2
    write(args.out, report, scores, findings)
    _show(report, findings, args.out)
    return 0 if all(f.good for f in findings) else 1


def run(
    cases: Sequence[Case],
    *,
    system: str = "assistant",
    answers: Path | None = None,
    name: str = "answers",
    others: Collection[str] = (),
    baseline: Report | None = None,
    settings: Settings | None = None,
    fresh: bool = False,
    judge_accuracy: bool = True,
    llm_judge: str = "",
    progress: bool = False,
) -> tuple[Report, list[Score]]:
    """Replies of `system`, or those in the file `answers`, scored.

    The file is by the system `name`, and may answer the cases `others` too. Replies are kept in the
    cache folder and used again, unless `fresh`. `llm_judge` is a model at an OpenAI-compatible
    endpoint, "model@http://...", whose opinion is reported apart. Raises NotComparable, before
    anything is asked, if the report could not be compared with `baseline`; SuiteError, and what the
    assistant raises when it opens.
    """
    if not cases:
        raise SuiteError("There is no case to run.")
    settings = settings or read_settings()
    if system == "extractive":
        settings = settings.model_copy(update={"llm": "none"})
    start = time.perf_counter()
    about: dict[str, Any] = {"name": name, "models": name}
    if not answers:
        about = {"name": system, "models": model_digest(settings), **shape(settings, system)}
    judge = Judge(open_embedder(settings))
    who = {"name": judge.name, "digest": judge.digest}
    opinion = LLMJudge(llm_judge, settings) if llm_judge else None
    if baseline is not None:
        comparable({"suite": of_suite(cases), "system": about, "judge": who}, baseline)
    if answers:
        known = from_file(answers, cases, others)
        replies = [known[c.id] for c in cases]
    else:
        replies = _replies(cases, system, settings, fresh, progress)
    asked = time.perf_counter() - start
    scores = [
        score(case, reply, judge)
        for case, reply in zip(_bar(cases, "scoring", progress), replies, strict=True)
    ]
    found = None
    if judge_accuracy:
        human = HUMAN if HUMAN.is_file() else None
        found = accuracy_kept(judge, settings.cache_dir / "eval", human, HUMAN_CLAIMS)
    times = {
        "asking": round(asked, 1),
        "all": round(time.perf_counter() - start, 1),
        "peak_memory_mb": _peak_memory(),
    }
    report = build(scores, about, who, found, times)
    if opinion:
        report["llm_judge"] = opinion.opinion(scores)
    return report, scores


def _peak_memory() -> int | None:
    """Megabytes that this process had at most; None on Windows, which does not tell it so."""
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _replies(
    cases: Sequence[Case], system: str, settings: Settings, fresh: bool, progress: bool
) -> list[Reply]:
    kept = Kept(settings.cache_dir / "eval" / f"{system}.jsonl", settings, system, fresh)
    if all(c in kept for c in cases):
        return [kept.ask(c, _never) for c in cases]
    with open_models(settings=settings) as models:
        ask: Ask = ask_stock(models, settings) if system == "stock" else ask_assistant(models)
        return [kept.ask(case, ask) for case in _bar(cases, "asking", progress)]


def _never(case: Case) -> Reply:
    raise AssertionError(case.id)


def _bar(cases: Sequence[Case], doing: str, show: bool) -> Any:
    from tqdm import tqdm

    return tqdm(cases, desc=doing, disable=not show, file=sys.stderr)


def write(
    folder: Path, report: Report, scores: Sequence[Score], findings: Sequence[Finding]
) -> None:
    """Writes the four reports into `folder`. Raises SuiteError if that cannot be."""
    made = {
        "report.json": json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
        "junit.xml": junit(scores, "faithfulness").decode(),
        "report.md": markdown(report, findings),
        "report.html": page(report, findings),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SuiteError(f"Cannot write to {str(folder)!r}: {error.strerror}.") from None


def _show(report: Report, findings: Sequence[Finding], folder: Path) -> None:
    suite = report["suite"]
    print(f"{report['system']['name']}: {suite['cases']} cases on {suite['articles']} articles")
    print(table(report))
    if known := list(report["times"]["seconds"].values()):
        print(f"  {'seconds, median / p90':<20} {seconds(known)}")
    print(
        f"  {report['passed']} pass, {report['failed']} do not, {len(report['errors'])} failed to "
        f"run; {report['times']['all']} s, {report['times']['peak_memory_mb'] or '?'} MB at most"
    )
    print(judged(report))
    for finding in findings:
        print(f"{'ok ' if finding.good else 'BAD'}  {finding.text}")
    print(f"Reports: {folder / 'report.html'}")


def _cases(cases: Sequence[Case], args: argparse.Namespace) -> list[Case]:
    if args.only:
        cases = [c for c in cases if c.row.kind in args.only]
        if not cases:
            raise SuiteError(f"No case is of kind {', '.join(args.only)}.")
    if args.limit is not None and args.limit < 1:
        raise SuiteError(f"--limit is {args.limit}; an empty run proves nothing.")
    return thin(cases, args.limit)


def _validate(cases: Sequence[Case]) -> int:
    found = problems(cases)
    print(*found, f"{len(cases)} cases, {len(found)} problems", sep="\n")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="article-assistant eval",
        description="Runs a suite of questions on articles and says how faithful the answers are.",
        epilog="Exit codes: 0 good enough, 1 not, 2 could not run, 3 not comparable.",
    )
    add = parser.add_argument
    add("--suite", type=Path, nargs="+", action="extend", help=".jsonl files, or folders of them")
    add("--articles", type=Path, help="where article files are, if not beside the suite")
    add("--answers", type=Path, help="score these answers (JSON lines) instead of asking")
    add("--name", default="answers", help="what the system is called that gave these answers")
    add("--system", choices=SYSTEMS, default="assistant", help="who is asked")
    add("--limit", type=int, help="that many cases, spread evenly over kinds and articles")
    add("--only", action="append", choices=KINDS, metavar="KIND", help=f"of {', '.join(KINDS)}")
    add("--fresh", action="store_true", help="ask again, and forget kept replies")
    add("--fail-under", metavar="METRIC=X,...", help="what is good enough")
    add("--baseline", type=Path, help="a report.json; a sure fall against it is not good enough")
    add("--out", type=Path, default=Path(".reports"), help="where reports go (default .reports)")
    add("--llm-judge", default="", metavar="MODEL@URL", help="a second opinion, reported apart")
    add("--no-judge-accuracy", action="store_true", help="do not measure how good the judge is")
    add("--validate", action="store_true", help="only check how the cases are written")
    return parser


if __name__ == "__main__":
    sys.exit(main())
