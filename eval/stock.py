"""A stock llama-index pipeline with the same two models, to compare with.

VectorStoreIndex on Chroma, the `condense_plus_context` chat engine, all options at their defaults,
save that a reply ends at MAX_TOKENS: some have no end. Its citations are its source nodes.
"""

from __future__ import annotations

from typing import Any

from assistant.llm import Endpoint
from index.embedding import locate

MAX_TOKENS = 512


class Stock:
    """Answers about one article at a time, as llama-index does out of the box."""

    def __init__(self, llm: Endpoint, embedding_model: str) -> None:
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        self._llm: Any = llm.client()
        self._llm.max_tokens = MAX_TOKENS
        self._embedding = HuggingFaceEmbedding(model_name=locate(embedding_model), device="cpu")
        self._engine: Any = None

    def read(self, text: str) -> None:
        """Indexes the article in a collection of its own and starts a new conversation."""
        import chromadb
        from chromadb.config import Settings
        from llama_index.core import Document, StorageContext, VectorStoreIndex
        from llama_index.core.chat_engine.types import ChatMode
        from llama_index.vector_stores.chroma import ChromaVectorStore

        client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
        for collection in client.list_collections():
            if collection.name == "stock":
                client.delete_collection("stock")
        store = ChromaVectorStore(chroma_collection=client.create_collection("stock"))
        index = VectorStoreIndex.from_documents(
            [Document(text=text)],
            storage_context=StorageContext.from_defaults(vector_store=store),
            embed_model=self._embedding,
        )
        self._engine = index.as_chat_engine(chat_mode=ChatMode.CONDENSE_PLUS_CONTEXT, llm=self._llm)

    def ask(self, question: str, history: list[tuple[str, str]]) -> tuple[str, list[str]]:
        """The reply, and the text of the chunks that it was given."""
        from llama_index.core.llms import ChatMessage, MessageRole

        self._engine.reset()
        said = [ChatMessage(role=MessageRole(role), content=text) for role, text in history]
        reply = self._engine.chat(question, chat_history=said)
        return str(reply), [n.get_content() for n in reply.source_nodes]
