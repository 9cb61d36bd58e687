"""Asks model servers with the vendors' own clients, and prints what these give to their user.

It never asks twice, and judges no answer. A line of JSON comes in for each request, and one goes out:

    {"dialect": "openai_chat", "base_url": "http://127.0.0.1:8000/v1", "query": {}, "body": {"model": "m", ...}}
    {"objects": [...], "error": null, "status": 200, "body": "<hex>", "text": "Hello!", "first_text_us": 812, ...}

`objects` is what the client returned, or what it yielded, one by one, and `text` what a user would read in those of a
stream. `body` is what came over the wire, without its framing. Times are microseconds since the client was called.
"""

import contextlib
import inspect
import json
import sys
import time

import anthropic
import httpx2
import openai


class Recorder(httpx2.HTTPTransport):
    """Passes everything on, and keeps the last answer as it came."""

    def __init__(self):
        # Nothing here speaks TLS, and to read the system's certificates takes longer than all else.
        super().__init__(verify=False)
        self.forget()

    def forget(self):
        self.status = None
        self.body = bytearray()
        self.sent_at = None

    def handle_request(self, request):
        self.sent_at = time.perf_counter_ns()
        response = super().handle_request(request)
        self.status = response.status_code
        response.stream = Kept(response.stream, self.body)
        return response


class Kept(httpx2.SyncByteStream):
    """A body whose bytes are kept as they pass, to its end, though the client may not want to know it."""

    def __init__(self, stream, kept):
        self.stream = stream
        self.pieces = iter(stream)
        self.kept = kept

    def __iter__(self):
        for piece in self.pieces:
            self.kept += piece
            yield piece

    def close(self):
        # A client that found an error leaves, and what had come by then is a matter of luck.
        with contextlib.suppress(httpx2.HTTPError):
            for _ in self:
                pass
        self.stream.close()


def text_of_chat(chunk):
    contents = [choice.delta.content for choice in chunk.choices or [] if choice.delta]
    # Some servers have lists of parts here, and the client hands over whatever comes.
    return "".join(content for content in contents if isinstance(content, str))


def text_of_completion(chunk):
    return "".join(choice.text or "" for choice in chunk.choices or [])


def text_of_response(event):
    return event.delta if event.type == "response.output_text.delta" else ""


def text_of_message(event):
    return event.delta.text if event.type == "content_block_delta" and event.delta.type == "text_delta" else ""


RECORDER = Recorder()
# A retry would show the answer of another request; no stream of a test takes longer than this.
OPTIONS = {"api_key": "none", "max_retries": 0, "timeout": 20}
OPENAI = openai.OpenAI(http_client=openai.DefaultHttpxClient(transport=RECORDER), **OPTIONS)
ANTHROPIC = anthropic.Anthropic(http_client=anthropic.DefaultHttpxClient(transport=RECORDER), **OPTIONS)

# By dialect: the client, its method, and the text in an object of a stream.
DIALECTS = {
    "openai_chat": (OPENAI, lambda client: client.chat.completions.create, text_of_chat),
    "openai_completions": (OPENAI, lambda client: client.completions.create, text_of_completion),
    "openai_embeddings": (OPENAI, lambda client: client.embeddings.create, None),
    "openai_responses": (OPENAI, lambda client: client.responses.create, text_of_response),
    "anthropic_messages": (ANTHROPIC, lambda client: client.messages.create, text_of_message),
}


def ask(dialect, base_url, query, body):
    client, method, text_of = DIALECTS[dialect]
    create = method(client.with_options(base_url=base_url, default_query=query))
    known = inspect.signature(create).parameters
    arguments = {key: value for key, value in body.items() if key in known}
    # What the client has no word for, it is told to send all the same.
    arguments["extra_body"] = {key: value for key, value in body.items() if key not in known}
    RECORDER.forget()
    got, error = [], None
    started = time.perf_counter_ns()
    try:
        answer = create(**arguments)
        if body.get("stream"):
            for item in answer:
                got.append((time.perf_counter_ns(), item))
        else:
            got.append((time.perf_counter_ns(), answer))
    except (openai.OpenAIError, anthropic.AnthropicError, httpx2.HTTPError, ValueError, TypeError) as raised:
        error = describe(raised)
    ended = time.perf_counter_ns()
    texts = [text_of(item) or "" for _, item in got] if body.get("stream") else []
    text_at = [at for (at, _), text in zip(got, texts) if text]

    def since_start(at):
        return None if at is None else (at - started) // 1000

    return {
        "objects": [dump(item) for _, item in got],
        "error": error,
        "status": RECORDER.status,
        "body": RECORDER.body.hex(),
        "text": "".join(texts),
        "sent_us": since_start(RECORDER.sent_at),
        "first_text_us": since_start(text_at[0] if text_at else None),
        "last_text_us": since_start(text_at[-1] if text_at else None),
        "ended_us": since_start(ended),
    }


def dump(item):
    return item.model_dump(mode="json", warnings=False) if hasattr(item, "model_dump") else repr(item)


def describe(error):
    return {
        "type": f"{type(error).__module__}.{type(error).__name__}",
        "message": str(error),
        "status": getattr(error, "status_code", None),
        "body": getattr(error, "body", None),
    }


for line in sys.stdin:
    print(json.dumps(ask(**json.loads(line))), flush=True)
