import pytest

from index import Article, ArticleError, sentence_spans


def quotes(text: str, language: str = "en") -> list[str]:
    return [text[s.start : s.end] for s in sentence_spans(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Dr. Ada Moe of the U.S. Army paid $3.5 million on Jan. 5. She left at 5 p.m. on foot.",
            [
                "Dr. Ada Moe of the U.S. Army paid $3.5 million on Jan. 5.",
                "She left at 5 p.m. on foot.",
            ],
        ),
        ("J. K. Berg wrote it. It sold.", ["J. K. Berg wrote it.", "It sold."]),
        ("“Stop. Now,” she said. He did.", ["“Stop. Now,” she said.", "He did."]),
        # A speech of two paragraphs, the first of which nobody closed.
        (
            'She was angry. "They came. "They left." Then "all" was quiet. "Too quiet," he said.',
            [
                "She was angry.",
                '"They came. "They left."',
                'Then "all" was quiet.',
                '"Too quiet," he said.',
            ],
        ),
        ("A headline\n\nA sentence.\nAnother", ["A headline", "A sentence.", "Another"]),
        ("1. First point.\n2. Second point.", ["1. First point.", "2. Second point."]),
        ("R1. Mend it. R2. Close the M25. Now.", ["R1. Mend it.", "R2. Close the M25.", "Now."]),
        (
            "It rose 2.4 percent. Was that much? Yes!",
            ["It rose 2.4 percent.", "Was that much?", "Yes!"],
        ),
    ],
)
def test_sentences_end_where_they_should(text: str, expected: list[str]) -> None:
    assert quotes(text) == expected


def test_the_day_of_a_german_date_ends_no_sentence() -> None:
    told = ["Ab 8. Juli, sagt Weiß, ist am 14. Oktober, einem Montag, zu.", "Das war am 3.", "Gut."]
    text = " ".join(told)
    assert quotes(text, "de") == told


def test_a_long_quotation_is_divided_at_its_sentences() -> None:
    inner = [
        "The first thing that I want to say about it is rather long and winding.",
        *[f"And point number {n} takes up quite some room on the page as well." for n in "abc"],
    ]
    text = f"“{' '.join(inner)}”"
    found = quotes(text)
    assert len(found) == 4
    assert found[0] == "“" + inner[0]
    assert found[-1] == inner[-1] + "”"


def test_sentences_cover_everything_but_white_space(article: Article) -> None:
    covered: set[int] = set()
    for span in article.sentences:
        covered.update(range(span.start, span.end))
    left = {article.text[i] for i in range(len(article.text)) if i not in covered}
    assert left <= {" ", "\n"}


def test_equal_text_has_equal_id_and_other_text_another() -> None:
    a, b = Article("One sentence.", title="x"), Article("One sentence.", title="y")
    assert a.id == b.id != Article("One sentence!").id


def test_an_article_needs_a_sentence() -> None:
    with pytest.raises(ArticleError, match="no sentence"):
        Article("  \n ")
