from collections.abc import Sequence

import pytest

from assistant import Message
from assistant.followup import listed, points_back, repeats, standalone
from tests.fakes import FakeLLM

HISTORY = [
    Message("user", "Who runs the ferry?"),
    Message("assistant", "The shipping company Nordsund runs it."),
]


def understood(question: str, history: Sequence[Message], llm: FakeLLM | None) -> str:
    steps = standalone(question, history, llm)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return str(done.value)


def test_a_first_question_is_left_alone() -> None:
    llm = FakeLLM()
    assert understood("What does it cost?", [], llm) == "What does it cost?"
    assert llm.sent == []


def test_a_question_that_stands_alone_is_left_alone() -> None:
    llm = FakeLLM()
    question = "How many inhabitants does the island of Skarholm have?"
    assert understood(question, HISTORY, llm) == question
    assert llm.sent == []


@pytest.mark.parametrize(
    "question",
    [
        "Is there any way past the storms that have stopped the ferry?",
        "Why are there no cars on the island of Skarholm?",
    ],
)
def test_there_is_and_a_relative_clause_point_to_nothing(question: str) -> None:
    assert understood(question, HISTORY, FakeLLM()) == question


def test_what_is_owned_by_somebody_in_the_question_points_to_nothing() -> None:
    assert not points_back("How much interest does the town pay on its debt?")
    assert points_back("How much interest is paid on its old debt?")


@pytest.mark.parametrize("question", ["Why did that have to be closed?", "How did they get there?"])
def test_that_and_there_by_themselves_point_back(question: str) -> None:
    assert understood(question, HISTORY, None) != question


def test_a_follow_up_is_rewritten_from_the_conversation() -> None:
    llm = FakeLLM("When did Nordsund buy the ship?\nUser: more")
    asked = understood("When did they buy it?", HISTORY, llm)
    assert asked == "When did Nordsund buy the ship?"
    assert llm.sent[0][-1].content.endswith("runs it.\nUser: When did they buy it?")


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Nordsund bought it.",
        "And when did they buy it?",
        "Who runs the ferry of Nordsund?",
        "When did Ahab hunt the white whale near Nantucket?",
    ],
)
def test_a_rewriting_that_cannot_be_trusted_is_not_used(reply: str) -> None:
    asked = understood("When did they buy it?", HISTORY, FakeLLM(reply))
    assert asked == "Who runs the ferry? When did they buy it?"
    long = "When and from whom did they buy the large white ship that now lies in the old harbour?"
    assert understood(long, HISTORY, FakeLLM(reply)) == long


def test_without_a_model_the_last_question_comes_along() -> None:
    assert understood("And why?", HISTORY, None) == "Who runs the ferry? And why?"


@pytest.mark.parametrize(
    ("question", "enough"),
    [
        ("Who won?", True),
        ("what do traders say?", True),
        ("Is there a ferry?", True),
        ("How many died there?", False),
        ("Why?", False),
        ("How much?", False),
        ("Which towns?", False),
        ("What did they buy?", False),
        ("¿Qué dice Anna Moe?", True),
        ("Wann war das Fest?", True),
        ("Und wann?", False),
        ("¿Cuándo la vendieron ellos?", False),
    ],
)
def test_a_short_question_that_says_enough_needs_no_other(question: str, enough: bool) -> None:
    expected = question if enough else f"Who runs the ferry? {question}"
    assert understood(question, HISTORY, None) == expected


def test_what_an_earlier_answer_said_is_known() -> None:
    assert repeats("The company Nordsund runs it.", HISTORY[1].content)
    assert not repeats("The company Nordsund runs it from the old harbour.", HISTORY[1].content)


SOURCES = Message("assistant", "The Lindvik Post, Anna Moe and Per Lie in Coast, and Havet.")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What did the second one write?", "What did Anna Moe and Per Lie in Coast write?"),
        ("When was the report by the last of these printed?", "Havet"),
        ("Which day of the week is named by the first?", "The Lindvik Post"),
    ],
)
def test_the_second_one_is_looked_up_in_the_last_answer(question: str, expected: str) -> None:
    asked = understood(question, [Message("user", "Which papers?"), SOURCES], None)
    assert expected in asked
    assert "one" not in asked.split()


@pytest.mark.parametrize(
    "question", ["Who first raised the idea of a winter ferry?", "What of the eighth one of those?"]
)
def test_other_uses_and_places_beyond_the_list_are_left_alone(question: str) -> None:
    assert question in understood(question, [Message("user", "Which?"), SOURCES], None)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("- one thing.\n- another", ["one thing", "another"]),
        ("1. Ice\n2. Fire;\n", ["Ice", "Fire"]),
        ("The points were ice, fire and snow.", ["ice", "fire", "snow"]),
        ("Ada Moe and Per Lie.", ["Ada Moe", "Per Lie"]),
        ("It includes: a ship; and a crew of ten.", ["a ship", "a crew of ten"]),
        ("The ferry sails.", []),
        ("Two things are told:\nIce is cold.\nFire is hot.", ["Ice is cold", "Fire is hot"]),
    ],
)
def test_what_an_answer_lists(text: str, items: list[str]) -> None:
    assert listed(text) == items


def test_closing_it_stops_the_rewriting() -> None:
    llm = FakeLLM("When did Nordsund buy the ship?", cut=3)
    steps = standalone("When did they buy it?", HISTORY, llm)
    while not llm.sent:
        next(steps)
    steps.close()
    assert llm.closed


@pytest.mark.parametrize(
    ("question", "back"),
    [
        ("What is the second key point of the agreement?", False),
        ("When was the last ferry to Lindvik built?", False),
        ("What is said about the second one there?", True),
        ("Which of the ferries is named by the last?", True),
    ],
)
def test_an_ordinal_points_back_where_it_stands_alone(question: str, back: bool) -> None:
    assert points_back(question) is back
