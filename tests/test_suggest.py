from collections.abc import Callable

from assistant import Assistant, suggest
from index import from_text
from tests.conftest import TEXT


def test_questions_are_about_who_speaks_and_what_is_named() -> None:
    asked, beside = suggest.questions(from_text(TEXT))
    assert asked[0] == suggest.ABOUT
    assert "What does Mayor Olof Brandt say?" in asked
    assert 2 <= len(asked) <= 4
    assert beside == "How old is Mayor Olof Brandt?"


def test_an_age_that_the_article_gives_is_not_what_it_lacks() -> None:
    told = TEXT.replace("Mayor Olof Brandt", "Mayor Olof Brandt, aged 51,")
    assert suggest.questions(from_text(told))[1] == ""


def test_other_languages_get_the_first_question() -> None:
    german = from_text("Die Fähre fährt im Winter. Das sagte die Reederei am Montag in Lindvik.")
    assert suggest.questions(german) == ([suggest.ABOUT], "")


def test_a_summary_is_of_the_articles_own_sentences_in_order(
    make: Callable[..., Assistant],
) -> None:
    assistant = make()
    spans = assistant.summary(3)
    assert len(spans) == 3
    assert list(spans) == sorted(spans)
    assert set(spans) <= set(assistant.article.sentences)
    assert all(len(assistant.article.quote(s).split()) >= 8 for s in spans)
