import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

from assistant import Answer, Assistant, Claim, voice
from index import from_text
from tests.conftest import TEXT
from ui import export, render

HOSTILE = '<img src=x onerror="alert(1)"> ![x](http://127.0.0.1:9/a.png) <script>alert(2)</script>'
ARTICLE = from_text(TEXT)


def words(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def test_article_and_model_text_are_never_html(make: Callable[..., Assistant]) -> None:
    text = f"{HOSTILE} is what the page said. It said it twice, to be sure that it was read."
    assistant = make(f"The page said {HOSTILE}.", text=text)
    article, answer = assistant.article, assistant.ask("What did the page say?")
    refused = Answer(HOSTILE, HOSTILE, HOSTILE, abstained=True, notices=(HOSTILE,))
    sources = [voice.Source(HOSTILE, "named", (0,))]
    drawn = [
        render.message(answer, article),
        render.message(refused, article),
        render.progress(answer, article, HOSTILE),
        render.asked(HOSTILE),
        render.note(HOSTILE),
        render.reader(article, [answer]),
        render.reader(from_text(text, title=HOSTILE)),
        render.dropped(from_text(f"A headline about it\n\n{text}\n\nLeave a reply")),
        render.who_says_what(article, sources),
        render.not_in_article(article, [refused]),
        export.page(article, [answer, refused]),
        export.markdown(article, [answer, refused]),
    ]
    for html in drawn:
        assert html
        assert "<img" not in html
        assert "<script" not in html
        # Nothing leaves an attribute that it stands in.
        assert not re.search(r"='[^']*'[^ >/]", html.split("<style>")[0])


def test_a_sentence_has_its_verdict_in_words_and_its_citation(
    make: Callable[..., Assistant],
) -> None:
    answer = make("The island has 640 inhabitants.").ask("How many inhabitants has the island?")
    html = render.message(answer, ARTICLE)
    start = TEXT.index("The island has 640")
    assert f"data-start='{start}'" in html
    assert "aria-label='Quote 1: The island has 640 inhabitants.'" in html
    assert "supported" in words(html)
    assert "<mark>The island has 640 inhabitants.</mark>" in html
    assert "Its school was closed in 2019." in html


def test_what_is_missing_and_what_says_otherwise_are_named() -> None:
    claim = Claim("It costs 99 crowns.", (), "partly", 0.5, ("99",))
    html = render.message(Answer("q", "q", claims=(claim,)), ARTICLE)
    assert "not found: 99" in html
    plain = render.verdict(Claim("It costs 84 crowns.", (), "partly", 0.5))
    assert plain == "partly supported; the quote has its words, but may say something else"
    assert render.verdict(Claim("It costs 84 crowns.", (), "contradicted", 0.5)).endswith("article")


def test_every_sentence_of_the_article_can_be_found_once() -> None:
    html = render.reader(ARTICLE)
    found = re.findall(r"<span class='s' data-start='(\d+)'[^>]*>(.*?)</span>", html)
    assert [int(start) for start, _ in found] == [s.start for s in ARTICLE.sentences]
    assert [unescape(text) for _, text in found] == [ARTICLE.quote(s) for s in ARTICLE.sentences]


def test_repeated_sentences_are_different_places() -> None:
    article = from_text("He went home.\n\nThen it rained all day.\n\nHe went home.")
    starts = re.findall(r"data-start='(\d+)'[^>]*>He went home", render.reader(article))
    assert len(set(starts)) == 2


def test_headings_items_and_rows_are_set_as_such() -> None:
    article = from_text(
        "# A report\n\nThe prices rose in both of the towns this year.\n\n## What it costs\n\n"
        "| town | price |\n|---|---|\n| Lund | 12 |\n\n"
        "- Lund pays most of it.\n- Ystad pays the rest."
    )
    html = render.reader(article)
    assert (html.count("<h2>"), html.count("<h3>")) == (1, 1)
    assert "<span class='mark'>## </span>What it costs</span></h3>" in html
    assert html.count("<table") == html.count("<ul") == 1
    assert html.count("<li>") == 2
    rows = re.findall(r"<tr [^>]*data-start='(\d+)'[^>]*>(.*?)</tr>", html)
    # What is not seen is still there, so that the words are the article's.
    assert all(words(drawn).strip() in article.text[int(at) :] for at, drawn in rows)


def test_a_title_that_the_text_does_not_begin_with_stands_above_it() -> None:
    article = from_text("It rained in both of the towns for a week, and more is to come.", "Rain")
    assert "<h2>Rain</h2>" in render.reader(article)
    assert render.reader(from_text("Rain\n\nIt rained in both towns.")).count("Rain<") == 1


def test_what_was_used_and_what_was_looked_at_are_marked(make: Callable[..., Assistant]) -> None:
    assistant = make("The island has 640 inhabitants.")
    answer = assistant.ask("How many inhabitants has the island?")
    html = render.reader(assistant.article, [answer])
    used = re.findall(r"class='s used'[^>]*>(.*?)</span>", html)
    assert used == ["The island has 640 inhabitants."]
    assert "class='s looked'" in html
    assert "cited in an answer" in words(html)


def test_sources_are_grouped_by_kind_and_linked() -> None:
    html = render.who_says_what(ARTICLE, voice.sources(ARTICLE))
    assert "Named sources" in html
    assert "Karin Dahl" in html
    assert f"data-start='{TEXT.index('Mayor Olof')}'" in html
    assert "Nobody is quoted" in render.who_says_what(from_text("A ship sank in May."), [])


def test_a_refusal_lists_its_question_and_the_nearest_passage(
    make: Callable[..., Assistant],
) -> None:
    assistant = make("NOT IN ARTICLE")
    answer = assistant.ask("Who built the lighthouse?")
    assert "Nearest passages" in render.message(answer, assistant.article)
    html = render.not_in_article(assistant.article, [answer])
    assert "Who built the lighthouse?" in html
    assert "class='place'" in html


def test_a_message_is_text_in_both_of_gradios_forms() -> None:
    assert render.drawn("Answering …") == "Answering …"
    assert render.drawn([{"type": "text", "text": "Answering …"}]) == "Answering …"


def test_what_was_left_out_can_be_seen() -> None:
    article = from_text(
        "A headline about ferries\n\nThe ferries run again from Monday, the town said in a "
        "notice.\n\nLeave a reply"
    )
    assert "<li>Leave a reply</li>" in render.dropped(article)
    assert "Nothing was left out" in render.dropped(ARTICLE)


def test_an_export_has_every_quote_with_its_place(make: Callable[..., Assistant]) -> None:
    assistant = make("The island has 640 inhabitants.")
    answer = assistant.ask("How many inhabitants has the island?")
    start = TEXT.index("The island has 640")
    text = export.markdown(assistant.article, [answer])
    assert f"The island has 640 inhabitants. (characters {start} to" in text
    assert "640 inhabitants" in export.page(assistant.article, [answer])


def test_what_is_exported_says_what_the_page_says_of_an_answer(
    make: Callable[..., Assistant],
) -> None:
    assistant = make("The island has 640 inhabitants.")
    answer = assistant.ask("How many inhabitants has the island?")
    claim = Claim("It has 900.", (), "partly", 0.5, missing=("900",), counter=answer.citations)
    answer = replace(answer, claims=(claim,), rejected=(claim,), notices=("It was cut.",))
    article = assistant.article
    for text in (export.markdown(article, [answer]), export.page(article, [answer])):
        assert "not found: 900" in text
        assert "The article says otherwise" in text
        assert "It was cut." in text
        assert "Left out: It has 900." in text
