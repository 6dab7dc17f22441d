"""The language model as the rest of the product sees it, and a client for any endpoint."""

from __future__ import annotations

import json
import math
import queue
import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol
from uuid import uuid4

from index import ModelError

if TYPE_CHECKING:
    import httpx
    from llama_index.llms.openai_like import OpenAILike

DEFAULT_CONTEXT = 4096
"""Tokens assumed for an endpoint that does not tell its window: what Ollama serves by default.
More than is served would be cut there without a word."""

_SIGN = 0.1
"""Seconds without a word after which a stream gives a sign of life, so that a stop is seen."""


_TOKENS = 1000
"""Of so many first tokens llama.cpp is asked for the probability; others tell it of at most 20, and
there one may be missing that is likelier than the other by far."""

_READING = {"return_progress": True, "cache_prompt": True}
"""What llama.cpp's server adds: it tells after every batch how much of a prompt it has read."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class ReplyCut(Exception):
    """The reply reached the number of tokens that it may have. Raised after its last piece."""


class Token(str):
    """A piece of a reply that knows the log probability of each token in it."""

    logprobs: tuple[float, ...]

    def __new__(cls, text: str, logprobs: Sequence[float]) -> Token:
        token = super().__new__(cls, text)
        token.logprobs = tuple(logprobs)
        return token


Reading = Generator[tuple[int, int], None, list[float] | None]


class LLM(Protocol):
    """A chat model. `context` is its window in tokens, prompt and reply together.

    `judges`: it was trained to tell whether an article answers a question and whether it says a
    reply, by the first token after `prompt.judged`.
    """

    name: str
    context: int
    judges: bool

    def stream(
        self, messages: Sequence[Message], max_tokens: int, banned: str = ""
    ) -> Iterator[str]:
        """Pieces of the reply, `Token`s where probabilities are known; closing stops the model.

        Pieces may be empty: a sign of life while there is nothing else. No token of the word
        `banned`, as it is, with a capital, or of its first two letters as they are, is in the reply
        of a model that judges; others may not heed it.
        Raises ModelError, and ReplyCut at the end of a reply that was cut at `max_tokens`.
        """

    def read(self, messages: Sequence[Message], options: Sequence[str] = ()) -> Reading:
        """Reads a prompt: yields the tokens read so far, and of how many.

        Both are 0 as long as nothing is known: a sign of life while others are served. Closing the
        iterator stops the reading. Without `options` it is for what is asked next, which need not
        read the same again; with them it returns the probability of each as the reply's first
        token, summing to at most 1, or None if the endpoint gives no log probabilities.
        Raises ModelError.
        """

    def count(self, text: str) -> int:
        """The number of tokens of `text`, never too few by more than a few percent."""

    def close(self) -> None:
        """Frees what the model holds."""


class Endpoint:
    """A model behind an OpenAI-compatible endpoint: Ollama, vLLM, llama.cpp, a hosted one."""

    def __init__(
        self,
        base_url: str,
        model: str,
        key: str = "",
        timeout: float = 120.0,
        context: int = 0,
        llama_cpp: bool = False,
    ) -> None:
        """`llama_cpp` uses what llama.cpp's server adds: token counts and reading progress."""
        self.name = model
        self.judges = False
        self._url = base_url.rstrip("/")
        self._key = key or "none"
        self._timeout = timeout
        self._llama_cpp = llama_cpp
        self.context = context or self._read_context()

    def stream(
        self, messages: Sequence[Message], max_tokens: int, banned: str = ""
    ) -> Iterator[str]:
        extra: dict[str, Any] = {}
        if self._llama_cpp:
            # Others may refuse to give log probabilities, or be slower with them.
            # Else "NOT" would be "NO", and the rest in capitals: "NO CRASHES".
            words = (banned, banned.capitalize(), banned[:2]) if banned else ()
            bias = [[word, False] for word in words]
            body = {**_READING, "logit_bias": bias} if bias else _READING
            extra = {"extra_body": body, "logprobs": True}
        ended = ""
        with self._errors():
            for reply in self._replies(messages, max_tokens, extra):
                if reply is None:
                    yield ""
                    continue
                choices = reply.raw.choices
                ended = next((c.finish_reason for c in choices if c.finish_reason), ended)
                if reply.delta:
                    known = [c.logprobs for c in choices if getattr(c, "logprobs", None)]
                    seen = [t.logprob for k in known for t in k.content or ()]
                    yield Token(reply.delta, seen) if seen else reply.delta
            if not ended:
                raise self._broke_off()
        if ended == "length":
            raise ReplyCut

    def read(self, messages: Sequence[Message], options: Sequence[str] = ()) -> Reading:
        from openai import BadRequestError, UnprocessableEntityError

        extra: dict[str, Any] = {}
        if self._llama_cpp:
            extra = {"extra_body": _READING | self._adapter(messages)}
        elif not options:
            return None
        if options:
            extra |= {"logprobs": True, "top_logprobs": _TOKENS if self._llama_cpp else 20}
        done, total = 0, 0
        seen = list[Any]()
        ended = False
        with self._errors():
            try:
                for reply in self._replies(messages, 1, extra):
                    known = reply and (reply.raw.model_extra or {}).get("prompt_progress")
                    if known:
                        done, total = int(known["processed"]), int(known["total"])
                    for choice in reply.raw.choices if reply and not seen else ():
                        told = getattr(choice, "logprobs", None)
                        seen = told.content[0].top_logprobs if told and told.content else seen
                    ended |= bool(reply) and any(c.finish_reason for c in reply.raw.choices)
                    yield done, total
            except (BadRequestError, UnprocessableEntityError):
                if not options:
                    raise
                return None  # An endpoint may refuse to give log probabilities.
            if options and not ended:
                raise self._broke_off()
        if not seen:
            return None
        # Tokens of one word differ in case and leading space: "Yes", " yes".
        return [
            sum(math.exp(t.logprob) for t in seen if t.token.strip().lower() == option.lower())
            for option in options
        ]

    def _adapter(self, messages: Sequence[Message]) -> dict[str, Any]:
        """What a request is to say of the adapter that scores `messages`."""
        return {}

    def count(self, text: str) -> int:
        if not self._llama_cpp:
            # English has about four bytes a token; three leaves a margin, and so does a
            # script with three bytes a character.
            return len(text.encode()) // 3 + 1
        reply = self._get("/tokenize", {"content": text})
        return len(reply["tokens"])

    def close(self) -> None:
        """Holds nothing between requests."""

    def client(self, http: httpx.Client | None = None) -> OpenAILike:
        """llama-index's client for this endpoint."""
        from llama_index.llms.openai_like import OpenAILike

        return OpenAILike(
            model=self.name,
            api_base=self._url,
            api_key=self._key,
            is_chat_model=True,
            temperature=0.0,
            timeout=self._timeout,
            max_retries=0,
            context_window=self.context,
            http_client=http,  # type: ignore[call-arg]
        )

    def _replies(
        self, messages: Sequence[Message], max_tokens: int, extra: dict[str, Any]
    ) -> Generator[Any, None, None]:
        """The parts of a reply as they come, and None whenever one takes long.

        They are waited for in a thread of their own. Closing this ends the connection at once,
        which is how a server learns of a stop.
        """
        import httpx

        came: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        connection = _Connection()
        conversation = uuid4().hex if self._llama_cpp else ""
        if conversation:
            extra = {**extra, "extra_headers": {"X-Conversation-Id": conversation}}

        def receive() -> None:
            try:
                hooks: dict[str, Any] = {"request": [connection.watch]}
                with httpx.Client(timeout=self._timeout, event_hooks=hooks, verify=_tls()) as http:
                    client = self.client(http)
                    for reply in client.stream_chat(
                        _chat(messages), max_tokens=max_tokens, **extra
                    ):
                        came.put((reply, None))
                came.put((None, None))
            except BaseException as error:
                came.put((None, error))

        threading.Thread(target=receive, daemon=True).start()
        # Again a little later: the first may come before the server has looked at the request.
        waits: tuple[float, ...] = (0.0, _SIGN, 3 * _SIGN)
        try:
            while True:
                try:
                    reply, error = came.get(timeout=_SIGN)
                except queue.Empty:
                    yield None
                    continue
                if error:
                    raise error
                if reply is None:
                    waits = waits[:1]
                    return
                yield reply
        finally:
            connection.end()
            if conversation:
                threading.Thread(target=self._end, args=[conversation, waits], daemon=True).start()

    def _end(self, conversation: str, waits: Sequence[float]) -> None:
        """Ends what llama.cpp writes in `conversation`, if it still does, after the batch that it
        is at, and has it drop what it kept to resume it.
        """
        import httpx

        headers = {"Authorization": f"Bearer {self._key}"}
        url = f"{self._url}/stream"
        for wait in waits:
            time.sleep(wait)
            with suppress(httpx.HTTPError):
                httpx.delete(url, params={"conv_id": conversation}, headers=headers, verify=False)

    def _read_context(self) -> int:
        """The window that the endpoint tells of itself: llama.cpp, vLLM and others name it so."""
        if self._llama_cpp:
            props = self._get("/props")
            return int(props["default_generation_settings"]["n_ctx"])
        with self._errors():
            models = self._get("/v1/models").get("data") or []
            mine = next((m for m in models if m.get("id") == self.name), None)
            # llama.cpp answers to every model name.
            any_name = any(m.get("owned_by") == "llamacpp" for m in models)
        if mine is None and models and not any_name:
            names = ", ".join(str(m.get("id")) for m in models[:8])
            raise ModelError(
                f"{self._at()} has no model {self.name!r}. It has: {names}. Set ASSISTANT_LLM."
            )
        known = {**(mine or {}), **((mine or {}).get("meta") or {})}
        names_used = ("n_ctx", "max_model_len", "context_length", "context_window")
        return next((int(known[k]) for k in names_used if known.get(k)), DEFAULT_CONTEXT)

    def _get(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        import httpx

        # The API is below /v1, what llama.cpp adds is beside it.
        url = self._url.removesuffix("/v1") + path
        headers = {"Authorization": f"Bearer {self._key}"}
        method = "POST" if body else "GET"
        with self._errors():
            reply = httpx.request(
                method,
                url,
                json=body,
                headers=headers,
                timeout=min(self._timeout, 30.0),
                verify=_tls(),
            )
            if reply.status_code == 404 and path == "/v1/models":
                return {}  # Not every server lists its models.
            reply.raise_for_status()
            data = reply.json()
        return data if isinstance(data, dict) else {}

    def _broke_off(self) -> ModelError:
        return ModelError(
            f"{self._at()} stopped in the middle of its reply. Ask again; if it happens often, "
            "look at the server's log."
        )

    def _at(self) -> str:
        return f"The model endpoint {self._url!r}"

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turns what a client or a server can do wrong into one ModelError each."""
        import httpx
        import openai

        try:
            yield
        except (openai.APITimeoutError, httpx.TimeoutException) as error:
            raise ModelError(
                f"{self._at()} gave no sign of life for {self._timeout:.0f} s. "
                "Try again, or raise ASSISTANT_LLM_TIMEOUT."
            ) from error
        except (openai.APIConnectionError, httpx.TransportError) as error:
            raise ModelError(
                f"{self._at()} cannot be reached or broke off: {error}. Start the server, check "
                "ASSISTANT_LLM_BASE_URL, or unset it to use the packaged model."
            ) from error
        except (openai.APIStatusError, httpx.HTTPStatusError) as error:
            raise ModelError(self._status(error.response.status_code, error)) from error
        except (
            openai.OpenAIError,
            json.JSONDecodeError,
            AttributeError,
            IndexError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:
            raise ModelError(
                f"{self._at()} sent a reply that is not of the OpenAI form "
                f"({type(error).__name__}: {error}). "
                "Check that ASSISTANT_LLM_BASE_URL ends in /v1 and is a chat endpoint."
            ) from error

    def _status(self, status: int, error: Exception) -> str:
        if status in (401, 403):
            return f"{self._at()} refuses the key ({status}). Set ASSISTANT_LLM_API_KEY."
        if status == 404:
            return (
                f"{self._at()} does not know the model {self.name!r} (404). Check ASSISTANT_LLM, "
                "and that ASSISTANT_LLM_BASE_URL ends in /v1."
            )
        if status == 429:
            return f"{self._at()} takes no more requests now (429). Wait a little and ask again."
        return f"{self._at()} failed ({status}): {str(error)[:200]}"


def finish(reading: Reading) -> list[float] | None:
    """Reads to the end, and returns what is told there."""
    while True:
        try:
            next(reading)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


@cache
def _tls() -> ssl.SSLContext:
    """Made once: it takes a tenth of a judgement's time to make."""
    import httpx

    return httpx.create_ssl_context()


class _Connection:
    """The connection of a request, which another thread than the one that waits on it may end."""

    def __init__(self) -> None:
        self._streams: list[Any] = []
        self._over = False

    def watch(self, request: httpx.Request) -> None:
        """Sees, through httpx's trace extension, over what a request is sent."""
        request.extensions["trace"] = self._seen

    def _seen(self, event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._streams.append(info["return_value"])
            if self._over:
                self.end()

    def end(self) -> None:
        """Shuts the connection: closing would wait for whoever reads from it."""
        self._over = True
        for stream in self._streams:
            with suppress(OSError):
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def _chat(messages: Sequence[Message]) -> list[Any]:
    from llama_index.core.llms import ChatMessage, MessageRole

    return [ChatMessage(role=MessageRole(m.role), content=m.content) for m in messages]
