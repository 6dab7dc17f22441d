import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from assistant import ModelError
from assistant.llm import Reading
from eval import run as command
from eval.cases import Case, read, thin
from eval.judge import ARTICLES, Judge
from eval.plant import clean, plant
from eval.report import SCHEMA, NotComparable, build, compare, gate, limits
from eval.run import main
from eval.score import METRICS, score
from eval.systems import Kept, Reply, ask_assistant
from tests.fakes import FakeChecker, FakeEmbedder, FakeLLM

Run = Callable[..., tuple[int, Path]]


@pytest.fixture
def cases() -> list[Case]:
    return read([ARTICLES])


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cases: list[Case]) -> Run:
    """Runs the command on answers, with a judge that loads no model."""
    monkeypatch.setattr(
        command, "Judge", lambda embedder: Judge(FakeEmbedder(), FakeChecker("never"))
    )
    monkeypatch.setattr(command, "open_embedder", lambda settings: FakeEmbedder())

    def evaluate(replies: dict[str, Reply], *args: str, name: str = "out") -> tuple[int, Path]:
        answers = tmp_path / "answers.jsonl"
        answers.write_text("".join(f"{r.model_dump_json()}\n" for r in replies.values()))
        out = tmp_path / name
        given = ["--answers", str(answers), "--out", str(out), "--no-judge-accuracy", *args]
        return main(given), out

    return evaluate


@pytest.fixture
def good(cases: list[Case]) -> dict[str, Reply]:
    return {c.id: clean(c) for c in cases}


def test_clean_answers_pass_and_leave_four_reports(
    evaluate: Run, good: dict[str, Reply], cases: list[Case]
) -> None:
    code, out = evaluate(good, "--fail-under", "correctness=0.99,abstention_f1=0.99,injection=1")
    assert code == 0
    report = json.loads((out / "report.json").read_text())
    assert report["schema"] == SCHEMA
    assert report["metrics"]["correctness"]["value"] == 1.0
    assert {p.name for p in out.iterdir()} == {
        "report.json",
        "report.html",
        "report.md",
        "junit.xml",
    }
    suite = ElementTree.parse(out / "junit.xml").getroot()[0]
    assert suite.get("tests") == str(len(cases)) == str(len(suite))
    assert suite.get("failures") == "0"
    page = (out / "report.html").read_text()
    assert page.count("<details") == len(cases)
    assert "<script" not in page
    assert "https://" not in page.replace("https://www.w3.org", "")


def test_two_runs_are_byte_identical_but_for_times(evaluate: Run, good: dict[str, Reply]) -> None:
    texts = []
    for name in ("first", "second"):
        _, out = evaluate(good, name=name)
        report = json.loads((out / "report.json").read_text())
        report.pop("times")
        texts.append(
            json.dumps(report) + (out / "report.html").read_text() + (out / "report.md").read_text()
        )
    assert texts[0] == texts[1]


def test_every_failed_case_is_named_with_its_reason(evaluate: Run, cases: list[Case]) -> None:
    replies = plant(cases, "refusal")
    code, out = evaluate(replies, "--fail-under", "abstention_f1=0.9")
    assert code == 1
    suite = ElementTree.parse(out / "junit.xml").getroot()[0]
    failed = [c for c in suite if c.find("failure") is not None]
    assert len(failed) == sum(c.row.kind == "unanswerable" for c in cases)
    failure = failed[0].find("failure")
    assert failure is not None
    assert "missing refusal" in failure.attrib["message"]
    text = (out / "report.md").read_text()
    assert "not good enough" in text
    assert "missing refusal" in text


def test_a_baseline_fails_a_sure_fall_and_lets_chance_pass(
    evaluate: Run, good: dict[str, Reply], cases: list[Case], capsys: pytest.CaptureFixture[str]
) -> None:
    _, before = evaluate(good, name="before")
    baseline = ["--baseline", str(before / "report.json")]
    assert evaluate(good, *baseline)[0] == 0
    (first,) = [c.id for c in cases][:1]
    one = {**good, first: good[first].model_copy(update={"answer": "It is so.", "sentences": None})}
    assert evaluate(one, *baseline)[0] == 0
    assert "may be chance" in capsys.readouterr().out
    assert evaluate(plant(cases, "number"), *baseline)[0] == 1


def test_reports_of_another_suite_or_schema_do_not_compare(
    evaluate: Run, good: dict[str, Reply], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = evaluate(good)
    report = json.loads((out / "report.json").read_text())
    for change in ({"suite": {"digest": "other"}}, {"schema": "other/9"}):
        path = tmp_path / "baseline.json"
        path.write_text(json.dumps({**report, **change}))
        assert evaluate(good, "--baseline", str(path))[0] == 3
    assert "another suite" in capsys.readouterr().err
    path.write_text("{}")
    assert evaluate(good, "--baseline", str(path))[0] == 2


def test_a_case_that_failed_to_run_is_not_good_enough(
    evaluate: Run, good: dict[str, Reply], capsys: pytest.CaptureFixture[str]
) -> None:
    first = next(iter(good))
    broken = {**good, first: Reply(id=first, answer="", error="out of memory")}
    code, out = evaluate(broken)
    assert code == 1
    assert "1 of" in capsys.readouterr().out
    suite = ElementTree.parse(out / "junit.xml").getroot()[0]
    assert suite.get("errors") == "1"
    nothing = {i: Reply(id=i, answer="", error="no model") for i in good}
    assert evaluate(nothing)[0] == 2
    assert "No case could be scored: no model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--fail-under", "truth=1"], "is no metric"),
        (["--fail-under", ""], "names no metric"),
        (["--fail-under", "faithfulness=high"], "number from 0 to 1"),
        (["--fail-under", "faithfulness=95"], "number from 0 to 1"),
        (["--suite", "nowhere.jsonl"], "Cannot read"),
        (["--limit", "0"], "empty run"),
        (["--baseline", "nowhere.json"], "Cannot read the report"),
        (["--llm-judge", "gpt"], "MODEL@URL"),
    ],
)
def test_what_cannot_run_says_why(
    evaluate: Run,
    good: dict[str, Reply],
    args: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert evaluate(good, *args)[0] == 2
    assert told in capsys.readouterr().err


def test_answers_that_do_not_fit_the_suite_are_refused(
    evaluate: Run, good: dict[str, Reply], capsys: pytest.CaptureFixture[str]
) -> None:
    first = next(iter(good))
    assert evaluate({i: r for i, r in good.items() if i != first})[0] == 2
    assert f"no reply to 1 of {len(good)} cases" in capsys.readouterr().err
    assert evaluate({**good, "x": Reply(id="x", answer="")})[0] == 2
    assert "no case 'x'" in capsys.readouterr().err


def test_answers_to_the_whole_suite_will_do_for_a_part(
    evaluate: Run, good: dict[str, Reply], cases: list[Case]
) -> None:
    code, out = evaluate(good, "--limit", "5", "--name", "my bot")
    assert code == 0
    report = json.loads((out / "report.json").read_text())
    assert report["suite"]["cases"] == 5
    assert report["system"] == {"name": "my bot", "models": "my bot"}
    assert "Faithfulness: 5 of 5 cases pass" in (out / "report.md").read_text()


def test_a_report_is_not_its_own_baseline(
    evaluate: Run, good: dict[str, Reply], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = evaluate(good)
    before = (out / "report.json").read_text()
    assert evaluate(good, "--baseline", str(out / "report.json"))[0] == 2
    assert "where the report is written" in capsys.readouterr().err
    assert (out / "report.json").read_text() == before
    half = out.parent / "half.json"
    half.write_text(json.dumps({"schema": SCHEMA}))
    assert evaluate(good, "--baseline", str(half))[0] == 2


def test_more_right_refusals_are_no_fall(
    evaluate: Run, good: dict[str, Reply], cases: list[Case]
) -> None:
    never = {
        c.id: good[c.id].model_copy(update={"answer": "It is so.", "abstained": False})
        for c in cases
    }
    _, out = evaluate(never, name="before")
    # All that have to be refused are, and a few others too.
    wrong = [c.id for c in cases if c.row.answerable][:40]
    now = {**good, **{i: Reply(id=i, answer="", abstained=True) for i in wrong}}
    _, after = evaluate(now, "--baseline", str(out / "report.json"), name="after")
    told = (after / "report.md").read_text()
    assert "✅ abstention\\_f1 +" in told
    assert "❌ abstention" not in told


def test_a_limit_on_a_metric_without_cases_is_not_met() -> None:
    report = {"metrics": {}, "errors": [], "suite": {"cases": 1}}
    (finding,) = gate(report, limits("hedge=0.5"))
    assert not finding.good
    assert "no cases" in finding.text


def test_false_refusals_have_an_upper_limit() -> None:
    metric = {"value": 0.2, "n": 10, "low": 0.1, "high": 0.4}
    report = {"metrics": {"false_refusal": metric}, "errors": [], "suite": {"cases": 1}}
    assert not gate(report, limits("false_refusal=0.1"))[0].good
    assert gate(report, limits("false_refusal=0.2"))[0].good


def test_kinds_and_limits_choose_cases(
    evaluate: Run, good: dict[str, Reply], cases: list[Case]
) -> None:
    hedges = {c.id: good[c.id] for c in cases if c.row.kind == "hedge"}
    code, out = evaluate(hedges, "--only", "hedge")
    assert code == 0
    assert json.loads((out / "report.json").read_text())["suite"]["cases"] == len(hedges)
    some = {c.id: good[c.id] for c in thin(cases, 26)}
    assert evaluate(some, "--limit", "26")[0] == 0


def test_kept_replies_are_not_asked_for_again(
    tmp_path: Path, cases: list[Case], settings: Any
) -> None:
    asked: list[str] = []

    def ask(case: Case) -> Reply:
        asked.append(case.id)
        return clean(case)

    def fail(case: Case) -> Reply:
        return Reply(id=case.id, answer="", error="no")

    path = tmp_path / "kept.jsonl"
    kept = Kept(path, settings, "assistant")
    assert kept.ask(cases[0], fail).error == "no"
    first = kept.ask(cases[0], ask)
    with path.open("a") as file:
        file.write('["torn')
    again = Kept(path, settings, "assistant")
    assert cases[0] in again
    assert again.ask(cases[0], ask) == first
    assert asked == [cases[0].id]
    other = settings.model_copy(update={"strictness": "open"})
    assert cases[0] not in Kept(path, other, "assistant")
    assert cases[0] not in Kept(path, settings, "stock")
    assert cases[0] not in Kept(path, settings, "assistant", fresh=True)


def test_validate_tells_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--validate"]) == 0
    row = {
        "id": "a",
        "kind": "one_sentence",
        "article": "The ship sank in May.",
        "question": "When?",
        "answerable": True,
        "answers": [["June"]],
        "evidence": [["The ship sank in June."]],
    }
    (tmp_path / "bad.jsonl").write_text(json.dumps(row))
    assert main(["--validate", "--suite", str(tmp_path / "bad.jsonl")]) == 1
    assert "evidence is not in the article" in capsys.readouterr().out


def test_compare_needs_the_same_models(cases: list[Case]) -> None:
    judge = Judge(FakeEmbedder(), FakeChecker("never"))
    scores = [score(c, clean(c), judge) for c in cases[:3]]
    report = build(scores, {"name": "a", "models": "x"}, {"digest": "j"}, None, {})
    other = {**report, "system": {"models": "y"}}
    with pytest.raises(NotComparable, match="another system"):
        compare(report, other, scores)
    assert set(report["metrics"]) <= set(METRICS)


def test_an_assistant_that_cannot_answer_is_an_error_of_the_case(
    cases: list[Case], make: Any
) -> None:
    class Broken(FakeLLM):
        def read(self, *_: Any) -> Reading:
            raise ModelError("The model is gone.")

    reply = ask_assistant(make(llm=Broken()))(cases[0])
    assert "gone" in reply.error
