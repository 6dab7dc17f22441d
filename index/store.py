"""Keeps chunks and their vectors in Chroma. The only file that knows Chroma."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from index.article import Span
from index.chunking import VERSION, Chunk
from index.embedding import Vectors
from index.errors import StoreError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

MEMORY = ":memory:"

# One client per place and process: Chroma's second client on a folder is not independent.
_clients: dict[str, ClientAPI] = {}
_clients_lock = threading.Lock()


class Store:
    """Chunks and vectors of any number of articles, made by one embedding model.

    `place` is a folder, the http(s) address of a Chroma server, or ":memory:". The collection is
    named by a hash of the embedding model and the chunking version, so vectors that were made
    otherwise are never searched.
    """

    def __init__(self, place: str | Path, embedder_name: str, chunk_size: int) -> None:
        """Raises StoreError if the place cannot be opened or written."""
        self._place = str(place)
        made_by = f"{embedder_name}|{chunk_size}|{VERSION}"
        with self._errors("open"):
            self._client = _open(self._place)
            self._chunks = self._client.get_or_create_collection(
                "chunks-" + hashlib.sha256(made_by.encode()).hexdigest()[:16],
                metadata={"made_by": made_by},
                configuration={"hnsw": {"space": "cosine"}},
                embedding_function=None,
            )

    def add(self, chunks: list[Chunk], embed: Callable[[list[str]], Vectors]) -> bool:
        """Stores all chunks of one article; False, and nothing is embedded, if they are there.

        An article is complete or absent: what an interrupted call left behind is replaced.
        """
        if self.has(chunks[0].article_id, len(chunks)):
            return False
        vectors = embed([c.text for c in chunks])
        with self._errors("write to"):
            self.delete(chunks[0].article_id)
            step = self._client.get_max_batch_size()
            for i in range(0, len(chunks), step):
                part = chunks[i : i + step]
                self._chunks.add(
                    ids=[c.id for c in part],
                    embeddings=cast("Any", vectors[i : i + step]),
                    documents=[c.text for c in part],
                    metadatas=[
                        {
                            "article": c.article_id,
                            "position": c.position,
                            "start": c.span.start,
                            "end": c.span.end,
                            "of": len(chunks),
                        }
                        for c in part
                    ],
                )
        return True

    def has(self, article_id: str, chunks: int) -> bool:
        with self._errors("read"):
            found = self._chunks.get(where={"article": article_id}, include=["metadatas"])
        of = {cast("int", m["of"]) for m in found["metadatas"] or []}
        return len(found["ids"]) == chunks and of == {chunks}

    def delete(self, article_id: str) -> None:
        """Removes the article's chunks and vectors; nothing happens if there are none."""
        with self._errors("write to"):
            if self._chunks.get(where={"article": article_id}, limit=1, include=[])["ids"]:
                self._chunks.delete(where={"article": article_id})

    def articles(self) -> list[str]:
        """The ids of the articles that are stored."""
        with self._errors("read"):
            found = self._chunks.get(include=["metadatas"])
        return sorted({cast("str", m["article"]) for m in found["metadatas"] or []})

    def query(self, article_id: str, vector: Vectors, k: int) -> list[tuple[Chunk, float]]:
        """The `k` nearest chunks of the article with their cosine similarity, best first."""
        with self._errors("read"):
            found = self._chunks.query(
                query_embeddings=cast("Any", [vector]),
                n_results=k,
                where={"article": article_id},
                include=["documents", "metadatas", "distances"],
            )
        rows = zip(
            (found["documents"] or [[]])[0],
            (found["metadatas"] or [[]])[0],
            (found["distances"] or [[]])[0],
            strict=True,
        )
        # Chroma gives distances, 1 - cosine.
        return [(_chunk(article_id, text, m), 1.0 - distance) for text, m, distance in rows]

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except (
            ChromaError,
            httpx.HTTPError,
            OSError,
            ValueError,
            KeyError,
            sqlite3.Error,
        ) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise StoreError(
                f"Cannot {doing} the index at {self._place!r}: {reason} Check that it can be "
                "written and was made by this version of Chroma, or set ASSISTANT_DATA_DIR to "
                "another folder. Nothing in it was changed."
            ) from error


def _chunk(article_id: str, text: str, metadata: Any) -> Chunk:
    return Chunk(article_id, metadata["position"], Span(metadata["start"], metadata["end"]), text)


def _open(place: str) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    with _clients_lock:
        if place not in _clients:
            settings = Settings(anonymized_telemetry=False)
            if place == MEMORY:
                _clients[place] = chromadb.EphemeralClient(settings)
            elif place.startswith(("http://", "https://")):
                from urllib.parse import urlsplit

                url = urlsplit(place)
                _clients[place] = chromadb.HttpClient(
                    host=url.hostname or "",
                    port=url.port or (443 if url.scheme == "https" else 8000),
                    ssl=url.scheme == "https",
                    settings=settings,
                )
            else:
                folder = Path(place)
                folder.mkdir(parents=True, exist_ok=True)
                # Chroma's own error for a folder that cannot be written comes late and is unclear.
                probe = folder / ".writable"
                probe.touch()
                probe.unlink(missing_ok=True)
                _clients[place] = chromadb.PersistentClient(str(folder), settings)
        return _clients[place]
