"""The endpoint client, against a scripted server and against llama.cpp's own."""

import json
import math
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from assistant import Assistant, Message, ModelError
from assistant.llm import DEFAULT_CONTEXT, Endpoint, finish
from assistant.local import LocalLLM

ASKED = [Message("user", "Say something.")]


def chunk(text: str | None, why: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    data = {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": why}],
    }
    return f"data: {json.dumps(data)}\n\n".encode()


class Server:
    """An endpoint on loopback that answers as `behave` does, and keeps what it was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.conversations: list[str | None] = []
        self.ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.behave: Callable[[BaseHTTPRequestHandler], None] = lambda handler: None
        self.models: list[dict[str, Any]] = [{"id": "m", "max_model_len": 4000}]
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"object": "list", "data": outer.models}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.sent.append({**json.loads(body), "key": self.headers["Authorization"]})
                outer.conversations.append(self.headers["X-Conversation-Id"])
                outer.behave(self)

            def do_DELETE(self) -> None:
                outer.ended.put(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def streams(*parts: bytes, pause: float = 0.0) -> Callable[[BaseHTTPRequestHandler], None]:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause)

    return behave


def fails(status: int) -> Callable[[BaseHTTPRequestHandler], None]:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        body = b'{"error": {"message": "no"}}'
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Retry-After", "0")
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def endpoint(server: Server, timeout: float = 5.0) -> Endpoint:
    return Endpoint(server.url, "m", key="k1", timeout=timeout)


def read(llm: Endpoint) -> str:
    return "".join(llm.stream(ASKED, 10))


def test_a_reply_is_streamed_and_the_request_is_as_asked(server: Server) -> None:
    server.behave = streams(
        chunk("Some"), chunk("thing."), chunk(None, "stop"), b"data: [DONE]\n\n"
    )
    pieces = [piece for piece in endpoint(server).stream(ASKED, 10) if piece]
    assert pieces == ["Some", "thing."]
    sent = server.sent[0]
    assert sent["messages"] == [{"role": "user", "content": "Say something."}]
    assert (sent["model"], sent["max_tokens"], sent["temperature"]) == ("m", 10, 0.0)
    assert sent["key"] == "Bearer k1"
    assert "return_progress" not in sent


def test_a_slow_reply_arrives_whole(server: Server) -> None:
    server.behave = streams(chunk("a"), chunk("b"), chunk(None, "stop"), pause=0.3)
    assert read(endpoint(server, timeout=1.0)) == "ab"


def test_a_reply_that_stalls_is_told(server: Server) -> None:
    server.behave = streams(chunk("a"), pause=3.0)
    with pytest.raises(ModelError, match="ASSISTANT_LLM_TIMEOUT"):
        read(endpoint(server, timeout=0.5))


def test_a_reply_that_breaks_off_is_told(server: Server) -> None:
    server.behave = streams(chunk("half a sen"))
    with pytest.raises(ModelError, match="middle of its reply"):
        read(endpoint(server))
    with pytest.raises(ModelError, match="middle of its reply"):
        finish(endpoint(server).read(ASKED, ["yes"]))


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "ASSISTANT_LLM_API_KEY"),
        (404, "does not know the model 'm'"),
        (429, "Wait a little"),
        (500, r"failed \(500\)"),
    ],
)
def test_a_status_is_told_with_its_remedy(server: Server, status: int, says: str) -> None:
    server.behave = fails(status)
    with pytest.raises(ModelError, match=says):
        read(endpoint(server))
    with pytest.raises(ModelError, match=says):
        finish(endpoint(server).read(ASKED, ["yes"]))
    assert len(server.sent) == 2


@pytest.mark.parametrize("status", [400, 422])
def test_an_endpoint_that_refuses_log_probabilities_has_no_score(
    server: Server, status: int
) -> None:
    server.behave = fails(status)
    assert finish(endpoint(server).read(ASKED, ["yes"])) is None


@pytest.mark.parametrize(
    "body",
    [b"data: {broken\n\n", b'data: {"choices": 5}\n\n', b'data: {"error": {"message": "x"}}\n\n'],
)
def test_a_malformed_reply_is_told(server: Server, body: bytes) -> None:
    server.behave = streams(body)
    with pytest.raises(ModelError, match="endpoint"):
        read(endpoint(server))


def test_an_endpoint_that_is_not_there_is_told() -> None:
    with pytest.raises(ModelError, match=r"cannot be reached.*ASSISTANT_LLM_BASE_URL"):
        Endpoint("http://127.0.0.1:9/v1", "m")


def test_the_window_is_read_from_the_endpoint(server: Server) -> None:
    assert endpoint(server).context == 4000
    server.models = [{"id": "m", "meta": {"n_ctx": 1234}}]
    assert endpoint(server).context == 1234
    server.models = [{"id": "m", "meta": {"n_ctx_train": 32768}}]
    assert endpoint(server).context == DEFAULT_CONTEXT
    assert Endpoint(server.url, "m", context=77).context == 77


def test_a_list_of_models_that_is_none_is_told(server: Server) -> None:
    server.models = ["m"]  # type: ignore[list-item]
    with pytest.raises(ModelError, match="not of the OpenAI form"):
        endpoint(server)


def test_a_model_that_the_endpoint_does_not_list_is_told(server: Server) -> None:
    server.models = [{"id": "a"}, {"id": "b"}]
    with pytest.raises(ModelError, match=r"no model 'm'. It has: a, b"):
        endpoint(server)


def test_without_log_probabilities_there_is_no_score(server: Server) -> None:
    server.behave = streams(chunk("yes"), chunk(None, "length"), b"data: [DONE]\n\n")
    assert finish(endpoint(server).read(ASKED, ["yes", "no"])) is None


def test_the_first_token_is_scored_in_all_its_spellings(server: Server) -> None:
    told = [
        {"token": t, "logprob": math.log(p)} for t, p in ((" Yes", 0.5), ("no", 0.2), ("yes", 0.1))
    ]
    first = {"token": " Yes", "logprob": math.log(0.5), "top_logprobs": told}
    data = json.loads(chunk(" Yes").removeprefix(b"data: "))
    data["choices"][0]["logprobs"] = {"content": [first]}
    sent = f"data: {json.dumps(data)}\n\n".encode()
    server.behave = streams(sent, chunk(None, "length"), b"data: [DONE]\n\n")
    assert finish(endpoint(server).read(ASKED, ["yes", "no"])) == pytest.approx([0.6, 0.2])
    assert server.sent[0]["top_logprobs"] == 20


def test_closing_the_stream_ends_the_request(server: Server) -> None:
    ended = threading.Event()

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        try:
            for _ in range(200):
                handler.wfile.write(chunk("word "))
                handler.wfile.flush()
                time.sleep(0.02)
        except OSError:
            ended.set()

    server.behave = behave
    stream = endpoint(server).stream(ASKED, 10)
    assert next(piece for piece in stream if piece) == "word "
    stream.close()  # type: ignore[attr-defined]
    assert ended.wait(2)


def test_a_server_that_says_nothing_yet_can_be_stopped_too(server: Server) -> None:
    asked, ended = threading.Event(), threading.Event()

    def behave(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        # Nothing more comes from who has hung up.
        if handler.connection.recv(1) == b"":
            ended.set()

    server.behave = behave
    stream = endpoint(server).stream(ASKED, 10)
    assert next(stream) == ""
    assert asked.wait(2)
    assert not ended.is_set()
    stream.close()  # type: ignore[attr-defined]
    assert ended.wait(5)


def test_llama_cpp_is_told_of_the_end_and_not_left_to_notice(server: Server) -> None:
    go_on = threading.Event()
    server.behave = lambda handler: (go_on.wait(5), fails(500)(handler))[1]
    stream = Endpoint(server.url, "m", context=4000, llama_cpp=True).stream(ASKED, 10)
    assert next(stream) == ""
    assert isinstance(stream, Generator)
    stream.close()
    told = server.ended.get(timeout=5)
    go_on.set()
    assert server.conversations[0]
    assert told == f"/v1/stream?conv_id={server.conversations[0]}"


def test_other_servers_are_not_asked_for_what_llama_cpp_adds(server: Server) -> None:
    server.behave = streams(b"data: [DONE]\n\n")
    with pytest.raises(ModelError):
        read(endpoint(server))
    assert server.conversations == [None]
    assert server.ended.empty()


@pytest.mark.parametrize(("llama_cpp", "known"), [(True, 1000), (False, 20)])
def test_only_llama_cpp_is_told_of_a_banned_word_and_gives_many_probabilities(
    server: Server, llama_cpp: bool, known: int
) -> None:
    llm = Endpoint(server.url, "m", context=4000, llama_cpp=llama_cpp)
    server.behave = fails(500)
    with pytest.raises(ModelError):
        list(llm.stream(ASKED, 10, "NOT"))
    with pytest.raises(ModelError):
        finish(llm.read(ASKED, ["yes", "no"]))
    streamed, scored = server.sent
    banned = [["NOT", False], ["Not", False], ["NO", False]]
    assert streamed.get("logit_bias") == (banned if llama_cpp else None)
    assert scored["top_logprobs"] == known


@pytest.mark.model
def test_llama_cpps_own_server_through_the_same_client(real: Assistant) -> None:
    local = real.llm
    assert isinstance(local, LocalLLM)
    remote = Endpoint(local._url, local.name, local._key)
    assert remote.context > 1000
    assert read(remote) == read(local)
    yes = [Message("user", "Is water wet? Reply with one word, yes or no.")]
    scores = finish(remote.read(yes, ["yes", "no"]))
    assert scores is not None
    assert 0 < sum(scores) <= 1.0001
    with pytest.raises(ModelError, match="ASSISTANT_LLM_API_KEY"):
        read(Endpoint(local._url, local.name, "wrong", context=100))


@pytest.mark.model
def test_reading_ahead_tells_how_far_it_is_and_can_be_stopped(real: Assistant) -> None:
    assert real.llm is not None
    long = [Message("user", "The ferry came and went again. " * 300)]
    reading = real.llm.read(long)
    next(known for known in reading if known[1])
    reading.close()
    # What was read before the stop is in the cache, and it is not the whole.
    done, total = next(known for known in real.llm.read(long) if known[1])
    assert 0 < done < total / 2


@pytest.mark.model
def test_tokens_are_counted_by_the_model_itself(real: Assistant) -> None:
    assert real.llm is not None
    assert real.llm.count("one two three") == 3
    assert Endpoint("http://127.0.0.1:9/v1", "m", context=1).count("one two three") >= 3


def test_reading_gives_a_sign_of_life_while_the_server_serves_others(server: Server) -> None:
    go_on = threading.Event()
    server.behave = lambda handler: (go_on.wait(5), fails(500)(handler))[1]
    llm = Endpoint(server.url, "m", context=4000, llama_cpp=True)
    reading = llm.read(ASKED)
    assert next(reading) == (0, 0)
    reading.close()
    go_on.set()
