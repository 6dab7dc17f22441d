import json
from pathlib import Path

import numpy as np
import pytest

from eval import gate
from eval.metrics import Rate, f1, is_right, seconds
from eval.qa import Outcome, main, report


def test_right_is_contained_or_half_shared() -> None:
    assert is_right("It is in the North of Sweden.", ["north of sweden"])
    assert is_right("She bought a ship for ice", ["bought ship for deep ice"])
    assert not is_right("It is in Norway.", ["Sweden"])
    assert not is_right("Swedenborg wrote it.", ["Sweden"])
    assert not is_right("Anything", ["", "the"])


def test_f1_counts_repeated_words_once_each() -> None:
    assert f1("ice ice ice", "ice") == pytest.approx(0.5)
    assert f1("fire", "ice") == 0.0


def test_a_rate_without_cases_is_none() -> None:
    assert str(Rate.of([])) == "no cases"
    assert str(Rate.of([True, False])) == "50% (1/2)"
    assert seconds([]) == "no cases"
    assert seconds([1.0, 2.0, 9.0]) == "2.0 / 9.0 s (n=3)"


def test_the_report_counts_each_kind_apart() -> None:
    def outcome(answerable: bool, refused: bool, right: bool) -> Outcome:
        return Outcome(
            "x", answerable, "t", refused, right, (True, False), (True,), True, 1.0, True
        )

    rates = dict(
        report(
            [outcome(True, False, True), outcome(True, True, False), outcome(False, True, False)]
        )
    )
    assert rates["answerable, answered right"] == "50% (1/2)"
    assert rates["answerable, wrongly refused"] == "50% (1/2)"
    assert rates["unanswerable, refused"] == "100% (1/1)"
    assert rates["citations that overlap the gold evidence"] == "50% (2/4)"
    assert rates["later questions, median / p90"] == "no cases"


def test_the_gate_is_fitted_on_other_articles_and_its_report_has_counts() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(80) % 2 == 0
    noise = rng.normal(0, 0.5, (80, len(gate.SIGNALS)))
    values = noise + labels[:, None] * np.array([-2.0, 0.0, 1.0, 0.0])
    groups = np.array([f"article {i // 4}" for i in range(80)])
    sets = np.array(["dev"] * 80)
    lines = gate.report(values, labels, groups, sets)
    rows = [line.split(" | ") for line in lines if " | all " in line]
    areas = {name: float(rates.split()[-1]) for name, rates in rows}
    assert areas["refusal"] > 0.9
    assert areas["refusal"] > areas["nearest"] + 0.2
    (balanced,) = [line for line in lines if line.endswith("balanced")]
    assert "/40)" in balanced
    fit = next(line for line in lines if line.startswith("fit"))
    assert "refusal -" in fit


def test_a_file_without_cases_could_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.jsonl").write_text("\n")
    assert main([str(tmp_path / "none.jsonl")]) == 2
    assert "no cases" in capsys.readouterr().err
    (tmp_path / "bad.jsonl").write_text(json.dumps({"id": 1}) + "\n")
    assert main([str(tmp_path / "bad.jsonl")]) == 2
    assert "case 1 lacks answerable, question" in capsys.readouterr().err
    assert gate.main([str(tmp_path / "none.jsonl")]) == 2
