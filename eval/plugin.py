"""A pytest plugin: `assert_faithful(answer)`, and a `faithfulness` marker that runs a suite.

from eval.plugin import assert_faithful

def test_price(assistant):
    assert_faithful(assistant.ask("What does a ticket cost?"))

@pytest.mark.faithfulness("suite.jsonl")
def test_my_bot(faithfulness_case):
    faithfulness_case.check(my_bot(faithfulness_case.article.text, faithfulness_case.question))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    # Nothing heavy is imported by test runs that do not use this.
    from assistant import Answer
    from eval.cases import Case
    from eval.judge import Judge
    from eval.systems import Reply
    from index import Article


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "faithfulness(*suites, limit=None): runs the test for each case of the suites, as the "
        "argument faithfulness_case",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("faithfulness")
    if marker is None:
        return
    from assistant import AssistantError
    from eval.cases import read, thin

    limit = marker.kwargs.get("limit")
    if not marker.args:
        raise pytest.UsageError("faithfulness needs the path of a suite.")
    if limit is not None and limit < 1:
        raise pytest.UsageError(f"faithfulness has limit={limit}; an empty run proves nothing.")
    if "faithfulness_case" not in metafunc.fixturenames:
        raise pytest.UsageError(
            f"{metafunc.definition.name} is marked faithfulness and does not take the argument "
            "faithfulness_case, so that no case would be run."
        )
    folder = metafunc.definition.path.parent
    try:
        cases = thin(read([folder / s for s in marker.args]), limit)
    except AssistantError as error:
        raise pytest.UsageError(str(error)) from None
    metafunc.parametrize(
        "faithfulness_case", [Checked(c) for c in cases], ids=[c.id for c in cases]
    )


@dataclass(frozen=True)
class Checked:
    """A case of a suite, and the check of what was said to it."""

    case: Case

    @property
    def question(self) -> str:
        return self.case.row.question

    @property
    def history(self) -> list[tuple[str, str]]:
        """Pairs of role and content."""
        return self.case.history

    @property
    def article(self) -> Article:
        return self.case.article

    def check(self, answer: Answer | str, citations: Sequence[str] = ()) -> None:
        """Fails the test if `answer` does not pass the case; `citations` are quotes that it gives.

        What only the learned judge doubts is a failure here too, and says so.
        """
        __tracebackhide__ = True
        from eval.score import score

        found = score(self.case, _reply(self.case.id, answer, citations), _judge())
        problems = [*found.reasons, *found.doubts]
        if problems:
            gold = "".join(f"\n  gold evidence: {' / '.join(g)}" for g in self.case.row.evidence)
            pytest.fail(
                f"{self.case.id}: {self.question}\n  answer: {found.reply.answer}\n  "
                + "\n  ".join(problems)
                + gold,
                pytrace=False,
            )


def assert_faithful(
    answer: Answer | str, article: Article | str | None = None, question: str = ""
) -> None:
    """Fails the test if `article` does not support a sentence of `answer`.

    Shows the sentence and the nearest evidence. Without an article, an `Answer` is held against the
    words that it cites; a refusal is faithful, nothing said is not. Raises TypeError for a text
    without an article, and ArticleError for one that is none.
    """
    __tracebackhide__ = True
    from assistant import Answer
    from index import Article, from_text

    if isinstance(answer, Answer):
        question = question or answer.standalone
    elif article is None:
        raise TypeError("assert_faithful needs the article that a text is held against.")
    reply = _reply("answer", answer, ())
    told: list[str] = []
    if not reply.refused and not reply.said():
        pytest.fail("The answer is empty.", pytrace=False)
    for sentence in reply.said():
        if article is None:
            against = from_text("\n".join(sentence.citations) or "Nothing is cited.")
        else:
            against = article if isinstance(article, Article) else from_text(article)
        found = _judge().judge(sentence.text, against, question)
        if not found.supported:
            nearest = "\n".join(f"    nearest: {e}" for e in found.evidence[:2])
            told.append(
                f"  {sentence.text!r} is not supported ({found.why}, {found.probability:.0%})\n"
                f"{nearest}"
            )
    if told:
        pytest.fail("The answer is not faithful:\n" + "\n".join(told), pytrace=False)


def _reply(case_id: str, answer: Answer | str, citations: Sequence[str]) -> Reply:
    from assistant import Answer
    from eval.systems import Reply, Sentence, replied
    from index import sentence_spans

    if isinstance(answer, Answer):
        return replied(case_id, answer)
    if not citations:
        return Reply(id=case_id, answer=answer)
    spans = sentence_spans(answer)
    cited = tuple(citations)
    return Reply(
        id=case_id,
        answer=answer,
        sentences=tuple(Sentence(text=answer[s.start : s.end], citations=cited) for s in spans),
    )


@cache
def _judge() -> Judge:
    from assistant.engine import open_embedder
    from assistant.settings import read
    from eval.judge import Judge

    return Judge(open_embedder(read()))
