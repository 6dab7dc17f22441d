"""The page as a server of tools, with a real MCP client."""

import ast
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from assistant import Assistant
from ui.app import build


def test_an_agent_can_ask_quote_and_open(make: Callable[..., Assistant]) -> None:
    pytest.importorskip("mcp", reason="the mcp package is not installed")
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client
    from mcp.types import CallToolResult, TextContent

    assistant = make("The island has 640 inhabitants.", "The sauna costs 5 crowns for an hour.")
    blocks = build(assistant)
    blocks.queue()
    _, url, _ = blocks.launch(
        server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, mcp_server=True
    )

    def told(result: CallToolResult) -> Any:
        (block,) = result.content
        assert isinstance(block, TextContent)
        return ast.literal_eval(block.text)

    async def talk() -> None:
        async with (
            streamable_http_client(f"{url}gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = {t.name: t for t in (await session.list_tools()).tools}
            assert set(tools) == {"ask", "quote", "open_article"}
            assert "exact quotes" in (tools["ask"].description or "")
            asked = await session.call_tool(
                "ask", {"question": "How many inhabitants has the island?", "article_id": ""}
            )
            (claim,) = told(asked)["claims"]
            span = claim["citations"][0]["span"]
            words = await session.call_tool("quote", {**span, "article_id": ""})
            assert "The island has 640 inhabitants." in str(words.content[0])
            text = "Sauna opens in the harbour\n\nThe sauna costs 5 crowns for an hour."
            opened = await session.call_tool("open_article", {"text": text, "title": ""})
            article_id = told(opened)["article_id"]
            other = await session.call_tool(
                "ask", {"question": "What does the sauna cost?", "article_id": article_id}
            )
            assert "5 crowns" in told(other)["text"]
            wrong = await session.call_tool("ask", {"question": "?", "article_id": ""})
            assert wrong.isError

    try:
        anyio.run(talk)
    finally:
        blocks.close()
