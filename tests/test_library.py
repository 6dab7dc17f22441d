from dataclasses import replace
from pathlib import Path

import pytest

from index import ArticleError, Library, StoreError, from_text
from tests.conftest import TEXT

ARTICLE = from_text(TEXT)
OTHER = from_text("Sauna opens in the harbour\n\nThe sauna costs 5 crowns for an hour.")


@pytest.fixture(params=["folder", "memory"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Library:
    return Library(tmp_path / "articles" if request.param == "folder" else None)


def test_articles_are_kept_whole_and_listed_by_title(library: Library) -> None:
    assert library.articles() == []
    library.add(OTHER)
    library.add(ARTICLE)
    library.add(ARTICLE)
    assert library.articles() == [ARTICLE, OTHER]
    assert library.open(ARTICLE.id) == ARTICLE


def test_another_title_does_not_make_another_article(library: Library) -> None:
    library.add(ARTICLE)
    assert library.rename(ARTICLE.id, "  Winter\nferry ").title == "Winter ferry"
    assert library.articles() == [replace(ARTICLE, title="Winter ferry")]
    with pytest.raises(ArticleError, match="no title"):
        library.rename(ARTICLE.id, " ")


def test_what_is_deleted_is_gone(library: Library) -> None:
    library.add(ARTICLE)
    library.delete(ARTICLE.id)
    library.delete(ARTICLE.id)
    assert library.articles() == []
    with pytest.raises(ArticleError, match="not kept here"):
        library.open(ARTICLE.id)


@pytest.mark.parametrize("name", ["", "../secret", "0" * 20])
def test_an_id_that_is_none_opens_nothing(library: Library, name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    with pytest.raises(ArticleError):
        library.open(name)
    library.delete(name)
    assert (tmp_path / "secret.json").exists()


def test_a_damaged_file_is_left_out(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.add(ARTICLE)
    library.add(OTHER)
    (tmp_path / f"{OTHER.id}.json").write_text('{"text": "cut')
    # A text that is not that of its id was changed by somebody.
    (tmp_path / f"{'a' * 20}.json").write_text((tmp_path / f"{ARTICLE.id}.json").read_text())
    assert library.articles() == [ARTICLE]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="ASSISTANT_DATA_DIR"):
        Library(tmp_path / "file").add(ARTICLE)
