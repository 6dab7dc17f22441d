"""What can be imported is written down here, so that it does not change unnoticed."""

import assistant
import index


def test_what_assistant_offers() -> None:
    assert set(assistant.__all__) == {
        *("LLM", "Answer", "Article", "ArticleError", "Assistant", "AssistantError", "Citation"),
        *("Claim", "Message", "ModelError", "QuestionError", "RetrievedChunk", "Settings"),
        *("SettingsError", "Span", "StoreError", "read"),
    }
    assert all(hasattr(assistant, name) for name in assistant.__all__)


def test_what_index_offers() -> None:
    assert set(index.__all__) == {
        *(
            "MAX_BYTES",
            "SUFFIXES",
            "Article",
            "ArticleError",
            "AssistantError",
            "Chunk",
            "Embedder",
            "Library",
            "ModelError",
            "QuestionError",
            "RetrievedChunk",
            "Retriever",
            "SentenceTransformerEmbedder",
            "SettingsError",
            "Span",
            "Store",
            "StoreError",
            "Vectors",
        ),
        *(
            "detect_language",
            "directed",
            "from_bytes",
            "from_text",
            "load",
            "normalise",
            "sentence_spans",
            "split",
            "stemmer",
        ),
    }
    assert all(hasattr(index, name) for name in index.__all__)


def test_every_error_for_the_reader_has_one_base() -> None:
    errors = [getattr(assistant, n) for n in assistant.__all__ if n.endswith("Error")]
    assert all(issubclass(e, assistant.AssistantError) for e in errors)
