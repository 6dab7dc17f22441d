"""The articles that a reader has opened, kept as they were read."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from index.article import Article
from index.errors import ArticleError, StoreError

_ARTICLE = TypeAdapter(Article)
_ID = re.compile(r"[0-9a-f]{20}")


class Library:
    """Articles in a folder, one JSON file each; without a folder they are kept in memory."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._held: dict[str, Article] = {}

    def add(self, article: Article) -> None:
        """Keeps `article`; one with the same text is replaced. Raises StoreError."""
        if self._folder is None:
            self._held[article.id] = article
            return
        temporary = ""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(article), file, ensure_ascii=False)
            # Whole or not at all.
            Path(temporary).replace(self._path(article.id))
        except OSError as error:
            Path(temporary).unlink(missing_ok=True) if temporary else None
            raise StoreError(
                f"Cannot keep the article in {str(self._folder)!r}: {error.strerror or error}. "
                "Free some space, or set ASSISTANT_DATA_DIR to a folder that can be written."
            ) from error

    def articles(self) -> list[Article]:
        """All articles, by title. A file that is damaged is left out."""
        if self._folder is None:
            found = list(self._held.values())
        else:
            files = self._folder.glob("*.json") if self._folder.is_dir() else ()
            found = [a for path in files if (a := _read(path)) is not None]
        return sorted(found, key=lambda a: (a.title.casefold(), a.id))

    def open(self, article_id: str) -> Article:
        """The article of that id. Raises ArticleError if there is none."""
        if self._folder is None:
            found = self._held.get(article_id)
        else:
            found = _read(self._path(article_id)) if _ID.fullmatch(article_id) else None
        if found is None:
            raise ArticleError("This article is not kept here any more. Open it again.")
        return found

    def rename(self, article_id: str, title: str) -> Article:
        """The article with another title, kept. Raises ArticleError if either is missing."""
        title = " ".join(title.split())
        if not title:
            raise ArticleError("There is no title. Give the article a name of at least one letter.")
        renamed = replace(self.open(article_id), title=title)
        self.add(renamed)
        return renamed

    def delete(self, article_id: str) -> None:
        """Forgets the article; nothing happens if there is none. Raises StoreError."""
        self._held.pop(article_id, None)
        if self._folder is not None and _ID.fullmatch(article_id):
            try:
                self._path(article_id).unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"Cannot delete the article: {error.strerror}.") from error

    def report(
        self,
        article: Article,
        question: str,
        history: Sequence[Mapping[str, str]],
        said: Sequence[str],
    ) -> Path:
        """The suite beside the folder, with a case added: `said` was wrong. Raises StoreError."""
        if self._folder is None:
            raise StoreError("Nothing is kept: ASSISTANT_DATA_DIR is :memory:.")
        path = self._folder.parent / "reported.jsonl"
        row = {
            "kind": "one_sentence",
            "question": question,
            "answerable": True,
            "article": article.text,
            "title": article.title,
            "history": list(history),
            "forbidden": list(said),
        }
        name = hashlib.sha256(json.dumps(row).encode()).hexdigest()[:12]
        line = json.dumps({"id": f"reported-{name}", **row}, ensure_ascii=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            known = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
            if line not in known:
                with path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
        except OSError as error:
            raise StoreError(f"Cannot write {str(path)!r}: {error.strerror}.") from error
        return path

    def _path(self, article_id: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{article_id}.json"


def _read(path: Path) -> Article | None:
    try:
        article = _ARTICLE.validate_json(path.read_bytes())
    except (OSError, ValidationError, ArticleError):
        return None
    return article if article.id == path.stem else None
