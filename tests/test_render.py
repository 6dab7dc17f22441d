from collections.abc import Callable

from assistant import Answer, Assistant, Claim
from index import from_text
from ui import render

HOSTILE = '<img src=x onerror="alert(1)"> ![x](http://127.0.0.1:9/a.png) <script>alert(2)</script>'


def test_article_and_model_text_are_never_html(make: Callable[..., Assistant]) -> None:
    text = f"{HOSTILE} is what the page said. It said it twice, to be sure that it was read."
    assistant = make(f"The page said {HOSTILE}.", text=text)
    answer = assistant.ask("What did the page say?")
    drawn = [
        render.evidence(answer, assistant.article),
        render.passages(answer),
        render.whole(assistant.article),
        render.about(from_text(text, title=HOSTILE)),
        render.message(answer),
    ]
    for html in drawn:
        assert html
        assert "<img" not in html
        assert "<script" not in html


def test_the_message_has_numbers_and_a_verdict_mark_for_each_sentence() -> None:
    claim = Claim("It costs 84 crowns.", (), "supported", 1.0)
    answer = Answer("q", "q", claims=(claim, Claim("It flies.", (), "not in article", 0.0)))
    assert render.message(answer) == "It costs 84 crowns.  ✓ It flies.  ?"


def test_a_quote_is_shown_in_its_context(make: Callable[..., Assistant]) -> None:
    assistant = make("The island has 640 inhabitants.")
    answer = assistant.ask("How many inhabitants has the island?")
    html = render.evidence(answer, assistant.article)
    assert "<mark>The island has 640 inhabitants.</mark>" in html
    assert "supported by the article" in html
    assert "Its school was closed in 2019." in html


def test_what_is_missing_is_named() -> None:
    claim = Claim("It costs 99 crowns.", (), "partly", 0.5, ("99",))
    answer = Answer("q", "q", claims=(claim,))
    html = render.evidence(answer, from_text("One sentence that is long enough."))
    assert "not found: 99" in html


def test_a_message_is_text_in_both_of_gradios_forms() -> None:
    assert render.drawn("Answering …") == "Answering …"
    assert render.drawn([{"type": "text", "text": "Answering …"}]) == "Answering …"


def test_a_refusal_shows_the_nearest_passages(make: Callable[..., Assistant]) -> None:
    assistant = make("NOT IN ARTICLE")
    answer = assistant.ask("Who built the lighthouse?")
    assert "Nearest passages" in render.evidence(answer, assistant.article)


def test_what_was_left_out_can_be_seen() -> None:
    article = from_text(
        "A headline about ferries\n\nThe ferries run again from Monday, the town said in a "
        "notice.\n\nLeave a reply"
    )
    assert "<li>Leave a reply</li>" in render.whole(article)
