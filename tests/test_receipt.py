import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant import ArticleError, Assistant
from assistant.receipt import ANSWER, read_receipt, receipt, verify
from tests.fakes import FakeLLM

QUESTION = "How many inhabitants has the island?"


@pytest.fixture
def written(make: Callable[..., Assistant], tmp_path: Path) -> tuple[Path, Assistant]:
    assistant = make("The island has 640 inhabitants.", "NOT IN ARTICLE")
    answers = [assistant.ask(QUESTION), assistant.ask("Who built the lighthouse?")]
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt(assistant.article, answers)))
    return path, assistant


def change(path: Path, way: Callable[[dict[str, Any]], None]) -> None:
    held = json.loads(path.read_text())
    way(held)
    path.write_text(json.dumps(held))


def test_a_receipt_holds_against_its_article(written: tuple[Path, Assistant]) -> None:
    path, assistant = written
    article_id, answers = read_receipt(path)
    assert [a.abstained for a in answers] == [False, True]
    assert verify(article_id, answers, assistant) == []


def test_the_model_s_judgement_of_a_sentence_is_taken_from_the_receipt(
    make: Callable[..., Assistant],
) -> None:
    llm = FakeLLM("Karin Dahl is the director of the company Nordsund.")
    llm.judges, llm.yes, llm.says = True, 0.9, 0.9999
    assistant = make(llm=llm)
    answer = assistant.ask("Who is Karin Dahl?")
    asked = len(llm.scored)
    (claim,) = answer.claims
    assert claim.judgement
    assert verify(assistant.article.id, [answer], assistant) == []
    denied = replace(answer, claims=(replace(claim, judgement=-claim.judgement),))
    assert verify(assistant.article.id, [denied], assistant) == [
        f"{claim.text!r} is not in article, not supported"
    ]
    assert len(llm.scored) == asked


def test_an_answer_comes_back_as_it_was(make: Callable[..., Assistant]) -> None:
    answer = make("The island has 640 inhabitants.").ask(QUESTION)
    assert ANSWER.validate_python(json.loads(json.dumps(answer.as_dict()))) == answer


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (lambda c: c["citations"][0].update(quote="The island has 999 people."), "does not stand"),
        (lambda c: c["citations"][0]["span"].update(start=3), "does not stand"),
        (lambda c: c.update(citations=[], text="It is so."), "not supported"),
        (
            lambda c: c["citations"][0].update(quote="", span={"start": 0, "end": 0}),
            "not supported",
        ),
        (lambda c: c.update(text="The island has 999 inhabitants and a zoo."), "not supported"),
    ],
)
def test_what_was_changed_is_found(
    written: tuple[Path, Assistant], way: Callable[[Any], None], told: str
) -> None:
    path, assistant = written
    change(path, lambda held: way(held["answers"][0]["claims"][0]))
    found = verify(*read_receipt(path), assistant)
    assert any(told in line for line in found)


def test_a_true_quote_of_something_else_is_no_evidence(
    written: tuple[Path, Assistant],
) -> None:
    path, assistant = written
    article = assistant.article
    other = next(s for s in article.sentences if "84 crowns" in article.quote(s))
    cited = {"quote": article.quote(other), "span": {"start": other.start, "end": other.end}}

    def swap(held: Any) -> None:
        claim = held["answers"][0]["claims"][0]
        claim["citations"][0].update(cited)
        claim["text"] = held["answers"][0]["text"] = "The island of Skarholm has 640 inhabitants."

    change(path, swap)
    assert verify(*read_receipt(path), assistant)


def test_words_beside_the_sentences_are_found(written: tuple[Path, Assistant]) -> None:
    path, assistant = written
    change(path, lambda held: held["answers"][1].update(text="It was built by Per Lie."))
    (line,) = verify(*read_receipt(path), assistant)
    assert "not made of its sentences" in line


def test_another_article_is_another_hash(
    written: tuple[Path, Assistant], make: Callable[..., Assistant]
) -> None:
    other = make(text="The island has 640 inhabitants. Nothing else is known of it.")
    (line,) = verify(*read_receipt(written[0]), other)
    assert "another one" in line


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "not a receipt"), ("[]", "not a receipt"), ('{"schema": "x/9"}', "has schema 'x/9'")],
)
def test_what_is_no_receipt_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(text)
    with pytest.raises(ArticleError, match=told):
        read_receipt(path)
    with pytest.raises(ArticleError, match="No such file"):
        read_receipt(tmp_path / "none.json")
