"""Makes the compressed bodies in this folder, and the exchanges in ../llm/encoded.exchanges, with the reference encoders.

Needs `pip install brotli zstandard`; its output is committed, and the same again wherever it runs with these versions:
brotli 1.2.1, zstandard 0.25.0, zlib 1.2.13.
"""

import json
import random
import sys
import zlib
from pathlib import Path

import brotli
import zstandard

sys.dont_write_bytecode = True
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import exchanges  # noqa: E402

CORPUS = exchanges.File(HERE.parent / "llm" / "encoded", __file__)

WORDS = "the quick brown fox jumps over a lazy dog while it rains in the dew of average wind speeds".split()


def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-7QyqpwdfhqwajicIEznoc6Q47XAyW", "object": "chat.completion.chunk",
            "created": 1717171717, "model": "m", "system_fingerprint": "fp_44709d6fcb", "choices": [choice]}


def events():
    yield chunk({"role": "assistant", "content": ""})
    for word in WORDS:
        yield chunk({"content": " " + word})
    yield chunk({}, "stop")
    usage = {"prompt_tokens": 9, "completion_tokens": len(WORDS), "total_tokens": 9 + len(WORDS)}
    yield {**chunk({}), "choices": [], "usage": usage}
    yield "[DONE]"


def text(event):
    body = event if isinstance(event, str) else json.dumps(event, separators=(",", ":"))
    return f"data: {body}\n\n".encode()


class Zlib:
    def __init__(self, wbits):
        self.wbits = wbits
        self.encoder = zlib.compressobj(6, zlib.DEFLATED, wbits)

    def flushed(self, data):
        return self.encoder.compress(data) + self.encoder.flush(zlib.Z_SYNC_FLUSH)

    def end(self):
        return self.encoder.flush()

    def decoder(self):
        return zlib.decompressobj(self.wbits).decompress


class Brotli:
    def __init__(self, lgwin=18):
        self.encoder = brotli.Compressor(quality=5, lgwin=lgwin)

    def flushed(self, data):
        return self.encoder.process(data) + self.encoder.flush()

    def end(self):
        return self.encoder.finish()

    def decoder(self):
        return brotli.Decompressor().process


class Zstd:
    def __init__(self):
        self.encoder = zstandard.ZstdCompressor(level=3, write_checksum=True).compressobj()

    def flushed(self, data):
        return self.encoder.compress(data) + self.encoder.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def end(self):
        return self.encoder.flush()

    def decoder(self):
        return zstandard.ZstdDecompressor().decompressobj().decompress


CODINGS = {
    "gzip": lambda: Zlib(31),
    "zlib": lambda: Zlib(15),
    "raw": lambda: Zlib(-15),
    "br": Brotli,
    "zstd": Zstd,
}


def encoded(make, pieces):
    encoder = make()
    return b"".join(encoder.flushed(piece) for piece in pieces) + encoder.end()


def ends(make, body, pieces):
    """After how many bytes of the body each piece is there, as the reference decoder has it byte by byte."""
    decode = make().decoder()
    found, said, wanted = [], 0, 0
    targets = []
    for piece in pieces:
        wanted += len(piece)
        targets.append(wanted)
    for at in range(len(body)):
        said += len(decode(body[at:at + 1]))
        while len(found) < len(targets) and targets[len(found)] <= said:
            found.append(at + 1)
    assert len(found) == len(targets)
    return found


def write(name, data):
    (HERE / name).write_bytes(data)


def request(model):
    return json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": "hello"}]}).encode()


def exchange(name, coding, body, expectation, content_type="text/event-stream", request_coding=None):
    body_of_request = request("m")
    asked = ["POST /v1/chat/completions HTTP/1.1", "content-type: application/json", "accept-encoding: gzip, br, zstd"]
    if request_coding:
        asked.append(f"content-encoding: {request_coding}")
        body_of_request = encoded(CODINGS[request_coding], [body_of_request])
    answered = ["HTTP/1.1 200 OK", f"content-type: {content_type}", f"content-encoding: {coding}"]
    CORPUS.add(name, expectation, (asked, body_of_request), (answered, body))


def main():
    pieces = [text(event) for event in events()]
    plain = b"".join(pieces)
    write("stream.txt", plain)
    whole = {"outcome": "complete", "finish": "stop", "first_token_event": 2, "first_visible_token_event": 2,
             "last_token_event": 1 + len(WORDS), "input_tokens": 9, "output_tokens": len(WORDS)}
    names = {"gzip": "gzip", "zlib": "deflate", "raw": "deflate", "br": "br", "zstd": "zstd"}
    about = {
        "gzip": "A stream in gzip, flushed after each event.",
        "zlib": "A stream in deflate, which is zlib's format, flushed after each event.",
        "raw": "A stream in bare deflate, as some servers send it under the same name.",
        "br": "A stream in brotli, flushed after each event.",
        "zstd": "A stream in zstd with a checksum, flushed after each event.",
    }
    for name, make in CODINGS.items():
        body = encoded(make, pieces)
        moments = ends(make, body, pieces)
        write(f"stream.{name}", body)
        write(f"stream.{name}.ends", json.dumps(moments).encode() + b"\n")
        if name != "raw":
            write(f"request.{name}", encoded(make, [request("demo-llm")]))
        write(f"bomb.{name}", bomb(make))
        exchange(f"a_stream_in_{name}", names[name], body, {
            "about": about[name], "source": "the reference encoders, see tests/data/encoded/make.py", "traps": [18],
            "event_ends": moments, **whole})
    cases(pieces, whole)
    CORPUS.write()

    # Two members, one of them with all that a header may have.
    header = b"\x1f\x8b\x08\x1e" + bytes(4) + b"\x00\x03" + b"\x05\x00extra" + b"name\x00" + b"comment\x00"
    header += (zlib.crc32(header) & 0xffff).to_bytes(2, "little")
    first = Zlib(31)
    first = first.flushed(plain[:1000]) + first.end()
    second = Zlib(-15)
    second = second.flushed(plain[1000:]) + second.end()
    trailer = zlib.crc32(plain[1000:]).to_bytes(4, "little") + len(plain[1000:]).to_bytes(4, "little")
    write("members.gzip", first + header + second + trailer)

    # Frames of zstd: one without a meaning, one that is a single segment, and one with a window.
    skippable = b"\x53\x2a\x4d\x18\x05\x00\x00\x00hello"
    single = zstandard.ZstdCompressor(level=19).compress(plain[:1000])
    write("frames.zstd", skippable + single + skippable + encoded(Zstd, [plain[1000:]]))

    # All that the formats can do, for bytes to be changed in.
    varied = plain + numbers(400) + bytes(random.Random(3).choices(b"etaoin shrdlu,.ETAOIN", k=6000))
    for name, coder in DENSE.items():
        write(f"dense.{name}", coder(varied))

    # Longer than the windows that it is made with.
    long = numbers(40_000)
    for name, coder in LONG.items():
        write(f"long.{name}", coder(long))

    write("bomb.gzip.br", brotli.compress((HERE / "bomb.gzip").read_bytes()))
    # Looks back further than a decoder keeps: the same incompressible bytes on both ends of a mebibyte.
    noise = random.Random(1).randbytes(20_000)
    write("far.zstd", zstandard.ZstdCompressor(level=19).compress(noise + numbers(150_000) + noise))
    # Fills a window of 16 MiB.
    write("wide.br", brotli.compress(random.Random(2).randbytes(60_000) + b"0123456789" * 500_000, quality=5, lgwin=24))


def numbers(count):
    return b"".join(f"{number:07}".encode() for number in range(count))


DENSE = {
    "gzip": lambda data: zlib.compress(data, 9, 31),
    "br": lambda data: brotli.compress(data, quality=11),
    "zstd": lambda data: zstandard.ZstdCompressor(level=22).compress(data),
}

LONG = {
    "gzip": lambda data: zlib.compress(data, 9, 31),
    "br": lambda data: brotli.compress(data, quality=11, lgwin=16),
    "zstd": lambda data: zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters.from_level(19, window_log=17)).compress(data),
}


def bomb(make, length=10_000_000):
    encoder = make()
    return encoder.flushed(bytes(length)) + encoder.end()


def cases(pieces, whole):
    source = "the reference encoders, see tests/data/encoded/make.py"
    plain = b"".join(pieces)
    body = encoded(CODINGS["br"], [encoded(CODINGS["gzip"], pieces)])
    exchange("two_codings", "gzip, br", body, {
        "about": "Two codings on top of each other.", "source": source,
        "traps": [18], "event_ends": ends_of_two(body, pieces), **whole})
    body = encoded(CODINGS["gzip"], pieces)
    exchange("a_request_in_zstd", "gzip", body, {
        "about": "A request in zstd is read, and names the model.", "source": source, "traps": [18],
        "event_ends": ends(CODINGS["gzip"], body, pieces), **whole}, request_coding="zstd")
    broken = {"outcome": "truncated", "first_token_event": 2, "first_visible_token_event": 2, "last_token_event": 4}
    some = pieces[:4]
    body = b"".join(flushed(CODINGS["br"](), some))
    exchange("a_stream_that_breaks_off_in_br", "br", body, {
        "about": "A compressed stream that ends before its coding does was cut off.", "source": source,
        "traps": [18, 19], "event_ends": ends(CODINGS["br"], body, some),
        "read_problems": {"encoding_malformed": 1}, "per_output_token_skipped": "usage_missing", **broken})
    body = encoded(CODINGS["gzip"], pieces) + b"garbage"
    exchange("garbage_after_gzip", "gzip", body, {
        "about": "Bytes after the end of a coding are counted and spoil nothing.", "source": source,
        "traps": [18], "event_ends": ends(CODINGS["gzip"], body, pieces),
        "read_problems": {"encoding_malformed": 1}, **whole})
    exchange("plain_text_that_claims_to_be_zstd", "zstd", plain, {
        "about": "A coding that the body does not have makes it unreadable, for clients as well.", "source": source,
        "traps": [16, 18], "event_ends": [], "outcome": "truncated", "read_problems": {"encoding_malformed": 1}})
    exchange("an_unknown_coding", "compress", plain, {
        "about": "A body in a coding that is not read passes and is counted.", "source": source,
        "traps": [18, 30], "event_ends": [], "outcome": "complete", "read_problems": {"encoded_body": 1}})
    exchange("a_bomb", "gzip", bomb(CODINGS["gzip"], 300_000), {
        "about": "A body that inflates to a thousand times its size is given up.", "source": source,
        "traps": [18, 30], "event_ends": [], "outcome": "complete", "read_problems": {"decoded_too_dense": 1},
        "per_output_token_skipped": "too_few_tokens"})
    document = {"id": "chatcmpl-1", "object": "chat.completion", "model": "m",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": "h\u00e9 \U0001f980"},
                             "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}
    body = brotli.compress(json.dumps(document).encode())
    exchange("a_document_in_br", "BR", body, {
        "about": "A document in brotli, the coding's name in upper case.", "source": source, "traps": [18],
        "event_ends": [], "outcome": "complete", "finish": "stop", "input_tokens": 9, "output_tokens": 2},
        content_type="application/json")


def flushed(encoder, pieces):
    return [encoder.flushed(piece) for piece in pieces]


def ends_of_two(body, pieces):
    outer, inner = Brotli().decoder(), Zlib(31).decoder()
    found, said, wanted = [], 0, [sum(map(len, pieces[:count + 1])) for count in range(len(pieces))]
    for at in range(len(body)):
        said += len(inner(outer(body[at:at + 1])))
        while len(found) < len(wanted) and wanted[len(found)] <= said:
            found.append(at + 1)
    return found


if __name__ == "__main__":
    main()
