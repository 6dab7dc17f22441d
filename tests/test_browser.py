import json
from collections.abc import Callable
from typing import Any

import pytest

from assistant import Assistant
from index import from_text
from ui import browser

QUESTION = "How many inhabitants has the island?"


def test_a_conversation_comes_back_as_it_was_without_the_words_of_the_article(
    make: Callable[..., Assistant],
) -> None:
    wrong = "The island has 900 inhabitants."  # Twice: the model is asked once more.
    assistant = make("The island has 640 inhabitants.", wrong, wrong, "NOT IN ARTICLE")
    said = [assistant.ask(q) for q in (QUESTION, QUESTION, "Who built the lighthouse?")]
    assert said[0].citations
    assert said[0].retrieved
    assert said[1].rejected
    saved, lost = browser.save(browser.NOTHING, assistant.article, said)
    kept = json.dumps(saved)
    assert lost == 0
    assert browser.answers(json.loads(kept), assistant.article) == said
    assert said[0].retrieved[0].chunk.text not in kept
    assert '"quote"' not in kept


def test_conversations_on_other_articles_stay(make: Callable[..., Assistant]) -> None:
    assistant = make("The island has 640 inhabitants.")
    said = [assistant.ask(QUESTION)]
    other = from_text("Another text about a valley. It has a river.")
    saved, _ = browser.save(browser.NOTHING, assistant.article, said)
    saved, _ = browser.save(saved, other, [])
    assert saved["article"] == other.id
    assert browser.answers(saved, assistant.article) == said
    assert browser.answers(saved, other) == []


def test_what_there_is_no_room_for_goes_oldest_first_and_is_counted(
    make: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant = make(*["The island has 640 inhabitants."] * 4)
    said = [assistant.ask(f"{QUESTION} {i}") for i in range(4)]
    one = len(json.dumps(browser.save(browser.NOTHING, assistant.article, said[:1])[0]))
    other = from_text("Another text about a valley. It has a river.")
    saved, _ = browser.save(browser.NOTHING, other, said[:2])
    monkeypatch.setattr(browser, "ROOM", 3 * one)
    saved, lost = browser.save(saved, assistant.article, said)
    assert list(browser.conversations(saved)) == [assistant.article.id]
    assert lost == 3
    assert browser.answers(saved, assistant.article) == said[1:]


def test_what_cannot_be_read_is_no_conversation(make: Callable[..., Assistant]) -> None:
    article = make().article
    broken: Any
    for broken in (None, [], {}, {"conversations": 3}, {"conversations": {article.id: [{"a": 1}]}}):
        assert browser.answers(broken, article) == []


def test_one_answer_that_cannot_be_read_costs_no_other(make: Callable[..., Assistant]) -> None:
    assistant = make("The island has 640 inhabitants.")
    said = [assistant.ask(QUESTION)]
    saved, _ = browser.save(browser.NOTHING, assistant.article, said)
    kept = saved["conversations"]
    kept[assistant.article.id].insert(0, {"text": "of another version"})
    kept["x"] = 3
    assert browser.answers(saved, assistant.article) == said
    again, lost = browser.save(saved, assistant.article, said)
    assert lost == 0
    assert list(again["conversations"]) == [assistant.article.id]
