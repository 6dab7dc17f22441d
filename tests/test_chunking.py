import pytest

from index import Article, from_text, split


def words(text: str) -> int:
    return len(text.split())


REFRAIN = "The bell rang. Nobody came. " * 40 + "Then the door opened. " + "The bell rang. " * 20


@pytest.mark.parametrize("size", [5, 12, 30, 200])
@pytest.mark.parametrize(
    "text", [REFRAIN, "One, two,, three:: " * 100 + "four."], ids=["refrain", "long"]
)
def test_chunks_are_slices_in_order_that_lose_nothing(text: str, size: int) -> None:
    article = from_text(text)
    chunks = split(article, words, size)
    at = 0
    for position, chunk in enumerate(chunks):
        assert chunk.position == position
        assert article.text[chunk.span.start : chunk.span.end] == chunk.text
        assert not article.text[at : chunk.span.start].strip()
        assert words(chunk.text) <= size
        at = chunk.span.end
    assert not article.text[at:].strip()


def test_chunks_end_with_sentences(article: Article) -> None:
    ends = {s.end for s in article.sentences}
    assert {c.span.end for c in split(article, words, 30)} <= ends
