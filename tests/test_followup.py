import pytest

from assistant import Message
from assistant.followup import standalone
from tests.fakes import FakeLLM

HISTORY = [
    Message("user", "Who runs the ferry?"),
    Message("assistant", "The shipping company Nordsund runs it."),
]


def test_a_first_question_is_left_alone() -> None:
    llm = FakeLLM()
    assert standalone("What does it cost?", [], llm) == "What does it cost?"
    assert llm.sent == []


def test_a_question_that_stands_alone_is_left_alone() -> None:
    llm = FakeLLM()
    question = "How many inhabitants does the island of Skarholm have?"
    assert standalone(question, HISTORY, llm) == question
    assert llm.sent == []


def test_a_follow_up_is_rewritten_from_the_conversation() -> None:
    llm = FakeLLM("When did Nordsund buy the ship?\nUser: more")
    asked = standalone("When did they buy it?", HISTORY, llm)
    assert asked == "When did Nordsund buy the ship?"
    assert llm.sent[0][-1].content.endswith("runs it.\nUser: When did they buy it?")


@pytest.mark.parametrize(
    "reply",
    ["", "Nordsund bought it.", "When did Ahab hunt the white whale near Nantucket?"],
)
def test_a_rewriting_that_cannot_be_trusted_is_not_used(reply: str) -> None:
    asked = standalone("When did they buy it?", HISTORY, FakeLLM(reply))
    assert asked == "Who runs the ferry? When did they buy it?"


def test_without_a_model_the_last_question_comes_along() -> None:
    assert standalone("And why?", HISTORY, None) == "Who runs the ferry? And why?"
