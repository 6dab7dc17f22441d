from collections.abc import Callable

import pytest

from assistant import Assistant, about, suggest
from index import from_text
from tests.conftest import TEXT


def test_questions_are_about_who_speaks_and_what_is_named() -> None:
    asked, beside = suggest.questions(from_text(TEXT))
    assert asked[0] == suggest.ABOUT
    assert "What does Olof Brandt say?" in asked
    assert 2 <= len(asked) <= 4
    assert beside == "How old is Olof Brandt?"


@pytest.mark.parametrize(
    ("speaker", "later", "asked"),
    [
        ("The Lindvik harbour board", "", False),
        ("Lindvik Ferries", "The island likes Lindvik Ferries.", False),
        ("The Lindvik Office", "The Office is closed on Sundays.", False),
        ("Anna Berg of Lindvik Ferries", "Fishermen heard later that Berg took it back.", True),
        ("House Speaker Anna Berg", "", True),
        ("Mrs Berg", "", True),
    ],
)
def test_only_a_person_is_asked_after_and_by_name(speaker: str, later: str, asked: bool) -> None:
    text = TEXT.replace("Mayor Olof Brandt", speaker) + f"\n{later}"
    name = "Mrs Berg" if "Mrs" in speaker else "Anna Berg"
    found, beside = suggest.questions(from_text(text))
    assert (f"What does {name} say?" in found) is asked
    assert beside == (f"How old is {name}?" if asked else "")
    assert asked or not any(q.startswith("What does Lindvik") for q in found)


def test_words_side_by_side_are_one_name_and_a_heading_is_none() -> None:
    text = (
        "News of the north\n\nWhy All Of The Ferries Stop\n\nIn May the United States sold a ferry "
        "to Lindvik. Ferries are old in the United States. Ferries are new in Lindvik, though."
    )
    assert suggest.questions(from_text(text))[0] == [
        suggest.ABOUT,
        "What does the article say about the United States?",
        "What does the article say about Lindvik?",
    ]


def test_an_age_that_the_article_gives_is_not_what_it_lacks() -> None:
    told = TEXT.replace("Mayor Olof Brandt", "Mayor Olof Brandt, aged 51,")
    assert suggest.questions(from_text(told))[1] == ""


def test_questions_are_in_the_language_of_the_article() -> None:
    german = from_text(
        "Die neue Brücke\n\nDie Fähre fährt auch im Winter nach Lindvik, und die Karten werden "
        "teurer. Das sagte die Reederei am Montag in Lindvik. Die Fähre gehört der Stadt."
    )
    asked, beside = suggest.questions(german)
    assert asked == [
        "Worum geht es in dem Artikel?",
        "Was sagt der Artikel über „Fähre“?",
        "Was sagt der Artikel über „Lindvik“?",
    ]
    assert beside == ""
    assert all(about.is_overall(phrases[0]) for phrases in suggest._PHRASES.values())


def test_a_language_without_phrases_gets_the_first_question() -> None:
    italian = from_text(
        "Il traghetto parte anche in inverno. Lo ha detto la compagnia lunedì nella città vecchia."
    )
    assert suggest.questions(italian) == ([suggest.ABOUT], "")


def test_a_summary_is_of_the_articles_own_sentences_in_order(
    make: Callable[..., Assistant],
) -> None:
    assistant = make()
    spans = assistant.summary(3)
    assert len(spans) == 3
    assert list(spans) == sorted(spans)
    assert set(spans) <= set(assistant.article.sentences)
    assert all(len(assistant.article.quote(s).split()) >= 8 for s in spans)


def test_a_summary_keeps_to_the_title_and_the_beginning(make: Callable[..., Assistant]) -> None:
    opening = "The harbour of Lindvik will be closed to all ferries from the first of June."
    why = "Divers found that the old pier of the harbour in Lindvik is no longer safe."
    text = (
        f"Lindvik closes its harbour to ferries\n\n{opening} {why}\n\n"
        "The second of them was a fisherman, and he has sold cod on that pier for years. "
        "“Nobody asked the ferries of the harbour of Lindvik,” said a trader of Lindvik. "
        "Will the harbour of Lindvik ever be open to the ferries of Lindvik again? "
        "Cod costs more this year than herring does, and both are caught further out."
    )
    assistant = make(text=text)
    assert [assistant.article.quote(s) for s in assistant.summary(2)] == [opening, why]
