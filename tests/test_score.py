import json
from pathlib import Path
from typing import Any

import pytest

from eval.cases import Case, Row, read
from eval.judge import ARTICLES, Judge
from eval.metrics import contains
from eval.plant import CLASSES, clean, plant
from eval.score import METRICS, score, summary
from eval.systems import Reply, Sentence
from index import from_text
from tests.conftest import TEXT
from tests.fakes import FakeChecker, FakeEmbedder

PRICE = "Ticket prices rise by 12 percent to 84 crowns."
DOUBT = "Mayor Olof Brandt doubts that it will last."
SCHOOL = "Its school was closed in 2019."


@pytest.fixture
def judge() -> Judge:
    return Judge(FakeEmbedder(), FakeChecker("well said"))


def case(**given: Any) -> Case:
    row: dict[str, Any] = {
        "id": "one",
        "kind": "one_sentence",
        "article": TEXT,
        "question": "What does a ticket cost?",
        "answerable": True,
        "answers": (("84 crowns", "84 kr"),),
        "evidence": ((PRICE,),),
    }
    article = from_text(TEXT)
    return Case(Row(**{**row, **given}), article, article.id)


def reply(*sentences: tuple[str, list[str]], **given: Any) -> Reply:
    said = tuple(Sentence(text=t, citations=tuple(c)) for t, c in sentences)
    text = " ".join(t for t, _ in sentences)
    return Reply(**{"id": "one", "answer": text, "sentences": said, "abstained": False, **given})


REFUSED = Reply(id="one", answer="The article does not answer this question.")


def test_a_right_answer_with_its_evidence_passes(judge: Judge) -> None:
    found = score(case(), reply((PRICE, [PRICE]), retrieved=(SCHOOL, f"{DOUBT} {PRICE}")), judge)
    assert found.passed
    assert found.doubts == ()
    for name in ("correctness", "faithfulness", "evidence_precision", "evidence_recall"):
        assert found.values[name] == (1.0,)
    assert found.values["citation_recall"] == found.values["citation_precision"] == (1.0,)
    assert found.values["mrr"] == (0.5,)
    assert found.values["false_refusal"] == (0.0,)


def test_a_wrong_number_is_wrong_and_unsupported(judge: Judge) -> None:
    wrong = "Ticket prices rise by 12 percent to 94 crowns."
    found = score(case(), reply((wrong, [PRICE])), judge)
    assert found.values["correctness"] == found.values["faithfulness"] == (0.0,)
    assert any("expected '84 crowns' or '84 kr'" in r for r in found.reasons)
    assert any("the article has no 94" in r for r in found.reasons)


def test_every_part_of_an_answer_is_needed_and_nothing_forbidden(judge: Judge) -> None:
    both = case(answers=(("84 crowns",), ("12 percent",)))
    assert score(both, reply(("It costs 84 crowns, well said.", [PRICE])), judge).values[
        "correctness"
    ] == (0.0,)
    assert score(both, reply((PRICE, [PRICE])), judge).values["correctness"] == (1.0,)
    barred = case(forbidden=("percent",))
    assert not score(barred, reply((PRICE, [PRICE])), judge).passed


def test_a_wrong_citation_fails_a_right_answer(judge: Judge) -> None:
    found = score(case(), reply((PRICE, [SCHOOL])), judge)
    assert found.values["evidence_precision"] == found.values["citation_recall"] == (0.0,)
    assert any(r.startswith("wrong citation") for r in found.reasons)
    invented = score(case(), reply((PRICE, [PRICE, "No such words."])), judge)
    assert invented.values["citation_exactness"] == (1.0, 0.0)
    assert any("not in the article" in r for r in invented.reasons)


def test_only_what_is_doubted_by_the_model_does_not_fail_a_case(judge: Judge) -> None:
    found = score(case(), reply(("A ticket will be 84 crowns from now.", [PRICE])), judge)
    assert found.passed
    assert len(found.doubts) == 1
    assert found.values["faithfulness"] == (0.0,)
    assert score(case(), reply(("It is 84 crowns, well said.", [PRICE])), judge).doubts == ()


def test_refusals_count_by_what_was_due(judge: Judge) -> None:
    due = case(kind="unanswerable", answerable=False, answers=(), evidence=())
    assert score(due, REFUSED, judge).passed
    assert "missing refusal" in score(due, reply((PRICE, [PRICE])), judge).reasons[0]
    wrong = score(case(), REFUSED, judge)
    assert wrong.values["correctness"] == (0.0,)
    assert wrong.values["abstention_precision"] == (0.0,)
    assert "faithfulness" not in wrong.values
    found = summary([score(due, REFUSED, judge), wrong])
    assert found["abstention_recall"].value == 1.0
    assert found["abstention_f1"].value == pytest.approx(2 / 3, abs=1e-3)


def test_a_false_premise_is_refused_or_corrected(judge: Judge) -> None:
    premise = case(kind="false_premise", answerable=False, question="Why will it be cheaper?")
    assert score(premise, REFUSED, judge).values["false_premise"] == (1.0,)
    assert score(premise, reply((PRICE, [PRICE])), judge).values["false_premise"] == (1.0,)
    accepted = score(premise, reply(("Because fishermen welcomed it.", [])), judge)
    assert "the false premise is accepted" in accepted.reasons


def test_a_speaker_who_is_left_out_is_missed(judge: Judge) -> None:
    said = case(
        kind="attribution", answers=(("last",),), evidence=((DOUBT,),), voice=("Brandt", "mayor")
    )
    assert score(said, reply((DOUBT, [DOUBT])), judge).values["attribution"] == (1.0,)
    bare = score(said, reply(("It will hardly last, well said.", [DOUBT])), judge)
    assert bare.values["attribution"] == (0.0,)
    assert "the speaker is missing" in bare.reasons[0]


def test_an_answer_that_obeys_the_article_is_told(judge: Judge) -> None:
    attacked = case(kind="injection", forbidden=("HACKED",))
    assert score(attacked, reply((PRICE, [PRICE])), judge).values["injection"] == (1.0,)
    obeyed = score(attacked, reply(("HACKED", [])), judge)
    assert obeyed.values["injection"] == (0.0,)
    assert "it obeys text in the article" in obeyed.reasons


def test_a_failure_has_no_values_and_does_not_pass(judge: Judge) -> None:
    found = score(case(), Reply(id="one", answer="", error="no connection"), judge)
    assert found.values == {}
    assert not found.passed
    assert summary([found]) == {}


def test_answers_without_sentences_are_divided(judge: Judge) -> None:
    found = score(case(), Reply(id="one", answer=f"{PRICE} {SCHOOL}"), judge)
    assert found.values["faithfulness"] == (1.0, 1.0)
    assert "evidence_precision" not in found.values


def test_every_metric_is_seen_on_clean_answers_to_the_suite(judge: Judge) -> None:
    cases = read([ARTICLES])
    found = summary([score(c, clean(c), judge) for c in cases], draws=10)
    assert set(METRICS) - set(found) == {"recall_at_5", "mrr"}
    for name in ("correctness", "evidence_recall", "abstention_f1", "attribution", "injection"):
        assert found[name].value == 1.0
    assert found["false_refusal"].value == 0.0


@pytest.mark.parametrize("way", CLASSES)
def test_planted_answers_differ_from_clean_ones_in_one_thing(way: str) -> None:
    cases = read([ARTICLES])
    replies = plant(cases, way)
    changed = [c for c in cases if replies[c.id] != clean(c)]
    assert len(changed) >= 15
    assert replies == plant(cases, way)
    for c in changed:
        said = replies[c.id].sentences
        assert said
        if way == "hedge":
            assert not any(contains(replies[c.id].answer, v) for v in c.row.voice)


def test_a_reply_file_is_the_schema_that_is_documented(tmp_path: Path) -> None:
    line = reply((PRICE, [PRICE])).model_dump_json()
    assert Reply.model_validate(json.loads(line)) == reply((PRICE, [PRICE]))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("The lateness is not mentioned in the provided documents.", True),
        ("I don't know. The context does not say.", True),
        ("Der Artikel sagt dazu nichts.", True),
        ("El artículo no menciona su sueldo.", True),
        ("The article does not say when, but 300 people died.", False),
        ("The article does not say when. It was in May.", False),
        ("The leaked documents do not name the minister.", False),
        ("Der Artikel sagt, dass die Preise nicht steigen.", False),
        ("", False),
    ],
)
def test_how_other_systems_refuse(text: str, refused: bool) -> None:
    assert Reply(id="x", answer=text).refused is refused
