import json
from typing import Any

import pytest

from assistant import Answer, Citation, Claim, Span
from eval import plugin
from eval.judge import Judge
from eval.plugin import assert_faithful
from tests.conftest import TEXT
from tests.fakes import FakeChecker, FakeEmbedder

pytest_plugins = ["pytester"]

PRICE = "Ticket prices rise by 12 percent to 84 crowns."


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Judge(FakeEmbedder(), FakeChecker("well said"))
    monkeypatch.setattr(plugin, "_judge", lambda: judge)


def answer(text: str, *quotes: str) -> Answer:
    cited = tuple(Citation(i, Span(0, 1), q, "") for i, q in enumerate(quotes, 1))
    claim = Claim(text, cited, "supported", 0.9)
    return Answer(question="q", standalone="q", text=text, claims=(claim,))


def test_a_faithful_answer_passes() -> None:
    assert_faithful(answer(PRICE, PRICE))
    assert_faithful(f"According to the article, {PRICE}", TEXT)
    assert_faithful("The article does not answer this question.", TEXT)


def test_an_unfaithful_one_fails_with_the_sentence_and_the_nearest_evidence() -> None:
    with pytest.raises(pytest.fail.Exception) as told:
        assert_faithful(answer("Tickets will be 94 crowns.", PRICE))
    assert "'Tickets will be 94 crowns.' is not supported (the article has no 94" in str(told.value)
    assert f"nearest: {PRICE}" in str(told.value)
    with pytest.raises(pytest.fail.Exception, match="no Gotland"):
        assert_faithful(f"{PRICE} The ship goes to Gotland.", TEXT)


def test_a_text_needs_its_article() -> None:
    with pytest.raises(TypeError, match="needs the article"):
        assert_faithful(PRICE)


def test_nothing_said_is_not_faithful() -> None:
    with pytest.raises(pytest.fail.Exception, match="empty"):
        assert_faithful("", TEXT)


@pytest.mark.parametrize(
    ("marker", "argument", "told"),
    [
        ('"suite.jsonl"', "", "does not take the argument"),
        ('"suite.jsonl", limit=0', "faithfulness_case", "an empty run"),
    ],
)
def test_a_marker_that_would_run_nothing_is_told(
    pytester: pytest.Pytester, marker: str, argument: str, told: str
) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.faithfulness({marker})
        def test_bot({argument}): ...
    """)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert result.ret != 0
    result.stdout.fnmatch_lines([f"*{told}*"])


def test_the_marker_runs_a_test_for_each_case(pytester: pytest.Pytester) -> None:
    row: dict[str, Any] = {
        "id": "price",
        "kind": "one_sentence",
        "article": TEXT,
        "question": "What does a ticket cost?",
        "answerable": True,
        "answers": [["84 crowns"]],
        "evidence": [[PRICE]],
    }
    other = {**row, "id": "percent", "answers": [["12 percent"]]}
    pytester.path.joinpath("suite.jsonl").write_text(f"{json.dumps(row)}\n{json.dumps(other)}\n")
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.faithfulness("suite.jsonl")
        def test_bot(faithfulness_case):
            assert faithfulness_case.history == []
            assert "Skarholm" in faithfulness_case.article.text
            said = {PRICE!r} if "12 percent" not in str(faithfulness_case.case.row.answers) else ""
            faithfulness_case.check(said or "It was free.", citations=[{PRICE!r}])
    """)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*percent: What does a ticket cost?*", "*gold evidence: Ticket*"])


def test_a_marker_without_a_suite_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.faithfulness("nowhere.jsonl")
        def test_bot(faithfulness_case): ...
    """)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*Cannot read*nowhere.jsonl*"])
