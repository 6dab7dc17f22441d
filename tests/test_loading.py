from pathlib import Path

import pytest

from index import MAX_BYTES, ArticleError, from_bytes, from_text, load, normalise
from tests.conftest import TEXT

PAGE = """<!doctype html><html><head><title>Lock gates</title>
<meta name="author" content="Ida Holm"></head><body><nav>Home | News | About us</nav>
<article><h1>Lock gates are replaced</h1>
<p>The lock at Vester has new gates after ninety years. They weigh eleven tons each and were made
of oak that had been stored under water since the war.</p>
<p>The canal is open again from Saturday, the harbour master said. She asked boat owners for
patience in the first week, because the pumps still have to be adjusted by hand.</p>
<script>alert("x")</script></article><footer>Copyright Canal Times</footer></body></html>"""


def test_text_is_normalised_and_quotation_marks_are_kept() -> None:
    raw = (
        "It\u00a0cost \u201cten\u200b crowns\u201d.\r\n\r\n\r\n\r\nE\u0301t\u00adait-ce\u2028vrai?"
    )
    assert normalise(raw) == "It cost \u201cten crowns\u201d.\n\n\u00c9tait-ce\nvrai?"


def test_text_hidden_in_invisible_characters_is_removed() -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "say yes")
    assert normalise(f"Plain{hidden} text.") == "Plain text."


def test_headline_byline_and_date_are_recognised() -> None:
    article = from_text(TEXT)
    assert article.title == "Ferry to Skarholm to run all winter"
    assert article.author == "Nils Arnesen"
    assert article.published == "4 October 2025"
    assert article.language == "en"
    assert article.dropped == ()


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("By Juno Castell. Last updated: 3 May 2024", "Juno Castell"),
        ("By A. Moe · Gear · 11 min read", "A. Moe"),
        ("Written by Ann Lee and Bo Ek | Updated Thursday 14 March", "Ann Lee and Bo Ek"),
        ("BY ANN LEE IN OSLO", "ANN LEE"),
        ("By Ann Lee (now) and Bo Ek (earlier)", "Ann Lee (now) and Bo Ek (earlier)"),
        ("Von Jana Weiß", "Jana Weiß"),
        ("Por Lucía Arnal de la Vega | Madrid", "Lucía Arnal de la Vega"),
    ],
)
def test_bylines_as_they_are_printed(line: str, author: str) -> None:
    assert from_text(TEXT.replace("By Nils Arnesen", line)).author == author


def test_neither_a_caption_nor_a_longer_line_below_is_the_headline() -> None:
    body = TEXT.split("\n\n", 1)[1]
    title = "Skarholm: ferry stays in winter"
    below = (
        "Ships, ferry, Skarholm, company and winter in one long line that says a good deal more",
        "The ferry company at Skarholm in winter. Photograph: A. Moe/Northern Wire",
    )
    article = from_text("\n\n".join((title, *below, body)))
    assert (article.title, article.dropped) == (title, ())
    assert from_text(f"Title: {TEXT}").title == "Ferry to Skarholm to run all winter"


def test_a_headline_may_end_as_a_sentence_does() -> None:
    body = TEXT.split("\n\n", 1)[1]
    title = "Skarholm keeps its ferry. Will it last?"
    article = from_text(f"{title}\n\n{body}")
    assert (article.title, article.author) == (title, "Nils Arnesen")
    # What has neither author nor date below is a paragraph.
    assert from_text("Will it last? Nobody knows.\n\nThe ferry of Skarholm is old.").title == ""


def test_a_date_may_have_no_year_and_stand_beside_the_author() -> None:
    line = "ANALYSIS | By Ann Lee, editor | Published Sat 7 October, 06:30"
    article = from_text(TEXT.replace("By Nils Arnesen\n\n4 October 2025", line))
    assert (article.author, article.published) == ("Ann Lee, editor", "Sat 7 October")
    line = "About 20 Marines sailed with it on the first of the winter ferries"
    assert from_text(TEXT.replace("4 October 2025", line)).published == ""


def test_a_date_of_another_article_is_not_its_own() -> None:
    body = TEXT.replace("4 October 2025\n\n", "")
    assert from_text(f"{body}\n\nTags: ferries\n\n4 May 2025").published == "4 May 2025"
    assert from_text(f"{body}\n\nRelated\n\n4 May 2025 News").published == ""


def test_a_long_headline_is_one() -> None:
    article = load(Path(__file__).parents[1] / "ui" / "assets" / "sample.txt")
    assert article.title == "The night buses that nobody wanted, and the town that kept them"
    assert (article.author, article.published) == ("Marta Ellingsen", "14 March 2026")
    assert article.dropped == ()


def test_boilerplate_is_left_out_and_listed() -> None:
    body = TEXT.replace("By Nils Arnesen\n\n4 October 2025\n\n", "")
    article = from_text(
        f"Coastal Gazette Online\n\n{body}\nShare this article\n\nLeave a reply\n\n"
        "Your email address will not be published."
    )
    assert article.title == "Ferry to Skarholm to run all winter"
    assert article.dropped == (
        "Coastal Gazette Online",
        "Share this article",
        "Leave a reply",
        "Your email address will not be published.",
    )
    assert article.text.startswith("Ferry to Skarholm")
    assert article.text.endswith("closed in 2019.")


@pytest.mark.parametrize(
    "last",
    [
        "Comments on the plan are invited until Friday, the company said in its notice.",
        "Terms of the deal were not disclosed.",
        "Sponsored by two senators, the bill passed 51 to 49.",
        "Copyright law does not cover it.",
        "Subscribe or leave, she said.",
    ],
)
def test_prose_about_the_same_words_is_kept(last: str) -> None:
    assert from_text(f"{TEXT}\n{last}").dropped == ()


def test_hard_wrapped_text_is_joined() -> None:
    wrapped = (
        "The bridge over the strait, which was built in a hurry before the war and\n"
        "has been mended more often than anyone can count since, will be closed on\n"
        "12 days a month to heavy traffic from the first of May. Engineers found\n"
        "cracks in two of its piers during the spring inspection.\n\nNobody was surprised."
    )
    assert "hurry before the war and has been mended" in from_text(wrapped).text
    assert from_text(wrapped).text.count("\n") == 2


def test_lines_that_are_paragraphs_stay_apart() -> None:
    text = "The first paragraph ends here.\nThe second one does too.\nAnd so does the third."
    assert from_text(text).text == text


def test_the_article_of_record(record: Path) -> None:
    article = load(record)
    assert article.title.startswith("The West Should Be Receptive")
    assert len(article.dropped) == 4
    assert "\u00a0" not in article.text
    assert "\u201c" in article.text
    assert article.text.startswith(article.title)


def test_html_is_reduced_to_the_article(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    article = load(path)
    assert "eleven tons" in article.text
    assert "About us" not in article.text
    assert "alert" not in article.text
    assert article.author == "Ida Holm"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (b"\x00\x01\x02\x03", "not text"),
        (b"%PDF-1.7 ...", "PDF"),
        ("Caf\u00e9 au lait is served.".encode("latin-1"), "not UTF-8"),
        (b"word", "only 'word'"),
        (b"... !!! ???", "full sentence"),
        (b"a" * (MAX_BYTES + 1), "the limit is 2 MB"),
    ],
    ids=["empty", "blank", "binary", "pdf", "latin-1", "one-word", "no-sentences", "too-large"],
)
def test_bad_input_gets_one_clear_error(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(data)
    with pytest.raises(ArticleError, match=says):
        load(path)


def test_half_a_character_is_told() -> None:
    with pytest.raises(ArticleError, match="half a character at place 6"):
        from_text("A text\ud800 of some words.")


def test_utf16_with_its_mark_is_read() -> None:
    assert from_bytes("The café is open today.".encode("utf-16")).text == "The café is open today."


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match="No such file"):
        load(tmp_path / "none.txt")
    with pytest.raises(ArticleError, match="is a folder"):
        load(tmp_path)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/article", "http://host:port/article", "http://[x"]
)
def test_an_address_that_cannot_be_fetched(address: str) -> None:
    with pytest.raises(ArticleError, match="Cannot fetch"):
        load(address)
