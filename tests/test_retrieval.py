from pathlib import Path

import pytest

from assistant import Article, Assistant
from index import Retriever, Store, from_text
from tests.fakes import FakeEmbedder


@pytest.fixture
def retriever(article: Article, tmp_path: Path) -> Retriever:
    embedder = FakeEmbedder()
    embedder.max_tokens = 20
    return Retriever(article, Store(tmp_path, embedder.name, 20), embedder)


def test_both_lists_are_fused_and_kept_apart(retriever: Retriever) -> None:
    found = retriever.retrieve("How many inhabitants has the island?")
    assert "640 inhabitants" in found[0].chunk.text
    assert found[0].ranks.dense is not None
    assert found[0].ranks.bm25 == 1
    assert any(f.ranks.bm25 is None for f in found)
    assert all(-1.001 <= f.score <= 1.001 for f in found)


def test_k_limits_and_no_chunk_comes_twice(retriever: Retriever) -> None:
    found = retriever.retrieve("ferry winter ship", k=3)
    assert len({f.chunk.position for f in found}) == 3


@pytest.mark.parametrize("question", ["?", "zzz qqq", "冬のフェリー"])
def test_a_question_without_a_known_word_still_has_dense_results(
    retriever: Retriever, question: str
) -> None:
    found = retriever.retrieve(question)
    assert found
    assert all(f.ranks.bm25 is None for f in found)


def test_an_article_of_one_letter_words_can_be_searched(tmp_path: Path) -> None:
    article = from_text("A b c d.")
    assert Retriever(article, Store(tmp_path, "x", 128), FakeEmbedder()).retrieve("b")


def test_other_languages_are_stemmed_their_way(tmp_path: Path) -> None:
    article = from_text(
        "Die Fähre nach Skarholm fährt in diesem Jahr den ganzen Winter. Die Preise sind gestiegen "
        "und die Fischer der Insel freuen sich über den neuen Fahrplan."
    )
    assert article.language == "de"
    embedder = FakeEmbedder()
    found = Retriever(article, Store(tmp_path, "x", 128), embedder).retrieve("Preis")
    assert found[0].ranks.bm25 == 1


@pytest.mark.model
def test_the_real_embedder_finds_what_no_word_shares(real: Assistant) -> None:
    best = real.retriever.retrieve("How much does a passenger pay?", k=1)[0]
    assert "84 crowns" in best.chunk.text
    again = real.on(real.article)
    assert not again.retriever.added
