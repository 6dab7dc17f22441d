import pytest

from assistant.about import asks_for, told
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
