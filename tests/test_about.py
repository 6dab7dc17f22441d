import pytest

from assistant.about import asks_for, is_of_article, is_overall, told
from assistant.gate import confidence
from index import from_text
from tests.conftest import TEXT


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who wrote this article?", "author"),
        ("who is the author", "author"),
        ("Who's the author of the piece?", "author"),
        ("By whom was this written?", "author"),
        ("When was it published?", "published"),
        ("What is the date of this article?", "published"),
        ("What’s the title?", "title"),
        ("What is the headline of the article?", "title"),
        ("Who is the author of the report on fishing?", ""),
        ("When was the ferry built?", ""),
        ("Who wrote to the mayor?", ""),
    ],
)
def test_only_questions_about_the_article_itself_are_known(question: str, kind: str) -> None:
    assert asks_for(question) == kind


def test_what_is_told_stands_in_the_text_where_it_does() -> None:
    article = from_text(TEXT)
    text, span = told(article, "author")
    assert "Nils Arnesen" in text
    assert span is not None
    assert "Nils Arnesen" in article.quote(span)
    assert told(from_text("The bell rang twice. Spring came late."), "published") == ("", None)
    elsewhere = from_text("The bell rang twice. Spring came late.", title="Bells in spring")
    assert told(elsewhere, "title") == ("The article is titled “Bells in spring”.", None)


@pytest.mark.parametrize(
    "question",
    [
        "What is this article about?",
        "What's it about?",
        "Summarise it in two sentences, please.",
        "Can you sum this up for me?",
        "Give me a short summary of the article.",
        "What is the author's main point?",
        "What are the author’s arguments?",
        "What does the author propose?",
        "What are the key findings?",
        "What does the text deal with?",
        "Worum geht es in dem Bericht?",
        "Fasse den Text zusammen.",
        "¿De qué trata el artículo?",
        "De quoi parle cet article ?",
    ],
)
def test_questions_about_the_whole_are_known(question: str) -> None:
    assert is_overall(question)
    assert confidence({"refusal": 9.0, "overall": 1.0}) == 1
    assert confidence({"refusal": 9.0}) < 0.01


@pytest.mark.parametrize(
    "question",
    [
        "What was the meeting about?",
        "What is the main street called?",
        "What are the main findings of the commission?",
        "Who wrote the summary of the report?",
        "How many key points has the plan?",
        "Worum geht es im Streit mit der Stadt?",
        "What does the author say about the ferry?",
        "What does the author want the ferry to do?",
    ],
)
def test_questions_about_a_part_are_no_questions_about_the_whole(question: str) -> None:
    assert not is_overall(question)


@pytest.mark.parametrize(
    ("question", "always"),
    [
        ("Who wrote this?", True),
        ("Summarise the article.", True),
        ("What are the main points?", True),
        ("When was it published?", False),
        ("What is it about?", False),
        ("Who won?", False),
    ],
)
def test_what_is_of_the_article_whatever_was_said_before(question: str, always: bool) -> None:
    assert is_of_article(question) is always
