"""Writes the exchanges over the Open Inference Protocol, whose bodies are partly binary: `python3 make_tensors.py`.

It needs nothing beside Python. What a case must count is said here by hand, and computed nowhere.
"""

import json
import pathlib
import struct
import sys
import zlib

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import exchanges  # noqa: E402

FILES = {name: exchanges.File(HERE / name, __file__) for name in ("v2_rest", "v2_grpc", "v2_grpc_stream")}
REST = "KServe, Open Inference Protocol (V2), REST"
RAW = "Triton, binary tensor data extension"
GRPC = "Triton and KServe, grpc_service.proto"
OCTETS = "application/octet-stream"
LENGTH = "inference-header-content-length"
UNARY = "/inference.GRPCInferenceService/ModelInfer"
STREAM = "/inference.GRPCInferenceService/ModelStreamInfer"


def write(dialect, name, request, response, expected):
    messages = (([line, *(f"{key}: {value}" for key, value in headers.items())], body)
                for line, headers, body in (request, response))
    FILES[dialect].add(name, expected, *messages)


# Over REST.


def tensor(name, shape, datatype, data=None, raw=None, **parameters):
    """As an object, and the bytes after the document."""
    described = {"name": name, "shape": shape, "datatype": datatype}
    if raw is not None:
        parameters.setdefault("binary_data_size", len(raw))
    if parameters:
        described["parameters"] = parameters
    if raw is None and data is not None:
        described["data"] = data
    return described, raw or b""


def body(member, tensors, **others):
    """A body with its headers. Numbers that are no JSON are written as Python does."""
    document = json.dumps({**others, member: [described for described, _ in tensors]}).encode()
    raw = b"".join(raw for _, raw in tensors)
    has_raw = any("binary_data_size" in described.get("parameters", {}) for described, _ in tensors)
    if has_raw:
        return {"content-type": OCTETS, LENGTH: len(document)}, document + raw
    return {"content-type": "application/json"}, document


def scores(*values, raw=False):
    raw = struct.pack(f"<{len(values)}f", *values) if raw else None
    return body("outputs", [tensor("score", [len(values)], "FP32", list(values), raw)], model_name="m")


def rest(name, about, tensors, answer, path="/v2/models/m/infer", source=REST, status="200 OK", sent=None, **expected):
    headers, content = sent or body("inputs", tensors, id="7", outputs=[{"name": "score"}])
    expected = {"about": about, "source": source, "outcome": "complete", **expected}
    write("v2_rest", name, (f"POST {path} HTTP/1.1", headers, content), (f"HTTP/1.1 {status}", *answer), expected)


def texts(*values):
    return b"".join(struct.pack("<I", len(value.encode())) + value.encode() for value in values)


A12, B34, CXY = {"01": 1, "02": 1}, {"03": 1, "04": 1}, {"x": 1, "y": 1}
ALL = {"a": A12, "b": B34, "c": CXY}
AB = {"a": "number", "b": "number"}
TWO = {"rows": 2, "predictions": 2, "prediction": {"00": 1, "01": 1}}
ONE = {"rows": 1, "predictions": 1, "prediction": {"00": 1}}
A = tensor("a", [2], "FP32", [1, 2])
B = tensor("b", [2, 1], "INT64", [3, 4])
C = tensor("c", [2], "BYTES", ["x", "y"])
RAW_A = tensor("a", [2], "FP32", raw=struct.pack("<2f", 1, 2))
RAW_B = tensor("b", [2, 1], "INT16", raw=struct.pack("<2h", 3, 4))
RAW_C = tensor("c", [2], "BYTES", raw=texts("x", "y"))
REFUSED = ({"content-type": "application/json"}, b'{"error": "invalid shape"}')

rest("a_tensor_per_column", "Each feature is a tensor of its own name; the outputs that are asked for are no inputs.",
     [A, B, C], scores(0, 1), traps=[32], **TWO, features=ALL)
rest("a_version_in_the_path", "The path names a version.", [A, B, C], scores(0, 1),
     path="/v2/models/m/versions/3/infer", **TWO, features=ALL)
rest("another_model", "A model that is not configured is one of the others.", [A, B, C], scores(0, 1),
     path="/v2/models/mm/infer", model="other", rows=2, predictions=2)
rest("one_tensor_flat", "A tensor with a name of its own has a column per index, row after row.",
     [tensor("input-0", [2, 2], "FP32", [1, 3, 2, 4])], scores(0, 1), traps=[32], columns=AB, **TWO,
     features={"a": A12, "b": B34})
rest("one_tensor_nested", "The same with brackets of their own for each row.",
     [tensor("input-0", [2, 2], "FP32", [[1, 3], [2, 4]])], scores(0, 1), traps=[32], columns=AB, **TWO,
     features={"a": A12, "b": B34})
rest("one_tensor_of_rank_three", "What lies within the first dimension is one row.",
     [tensor("input-0", [2, 1, 2], "FP32", [[[1, 3]], [[2, 4]]])], scores(0, 1), traps=[32], columns=AB, **TWO,
     features={"a": A12, "b": B34})
rest("raw_tensors", "All tensors are raw, after the document, both ways.", [RAW_A, RAW_B, RAW_C], scores(0, 1, raw=True),
     source=RAW, traps=[32], **TWO, features=ALL)
rest("a_mixed_body", "Some tensors are in the document, some after it.", [RAW_A, B, RAW_C], scores(0, 1),
     source=RAW, traps=[32], **TWO, features=ALL)
rest("raw_integers_of_every_size", "Little-endian, with a sign or without.",
     [tensor("a", [2], "INT8", raw=struct.pack("<2b", -1, 2)), tensor("b", [2], "UINT16", raw=struct.pack("<2H", 3, 65535)),
      tensor("d", [2], "INT32", raw=struct.pack("<2i", -2, 5)), tensor("e", [2], "UINT64", raw=struct.pack("<2Q", 6, 2**63)),
      tensor("f", [2], "BOOL", raw=b"\1\0")],
     scores(0, 1), source=RAW, traps=[32], columns={name: "number" for name in "abdef"}, **TWO,
     features={"a": {"02": 1, "below": 1, "low": 333}, "b": {"03": 1, "above": 1, "high": 1000000},
               "d": {"05": 1, "below": 1, "low": 667}, "e": {"06": 1, "above": 1, "high": 1000000},
               "f": {"00": 1, "01": 1}})
rest("raw_halves_and_doubles", "FP16, BF16 and FP64, and what in them is no number.",
     [tensor("a", [2], "FP16", raw=struct.pack("<2e", 1, float("inf"))),
      tensor("b", [2], "BF16", raw=struct.pack("<2H", 0x4040, 0x7FC0)),
      tensor("d", [2], "FP64", raw=struct.pack("<2d", 4, float("nan")))],
     scores(0, 1), source=RAW, traps=[32], bad=["nan", "infinity"], columns={name: "number" for name in "abd"}, **TWO,
     features={"a": {"01": 1, "not_finite": 1}, "b": {"03": 1, "null": 1}, "d": {"04": 1, "null": 1}})
rest("values_that_are_none", "NaN, infinities, 1e400 and numbers in quotes, as Python servers and clients write them.",
     [], scores(0, 0, 0, 0), traps=[32, 33], bad=["nan", "infinity", "overflow", "number_as_string"], columns=AB,
     sent=({"content-type": "application/json"},
           b'{"inputs":[{"name":"a","shape":[4],"datatype":"FP64","data":[NaN,-Infinity,1e400,"1"]},'
           b'{"name":"b","shape":[4],"datatype":"FP64","data":[1,2,3,4]}]}'),
     rows=4, predictions=4, prediction={"00": 4},
     features={"a": {"null": 1, "not_finite": 2, "wrong_type": 1}, "b": {"01": 1, "02": 1, "03": 1, "04": 1}})
rest("nested_nulls", "A null in a row is null; one in place of a row is that of its first value, and the others are missing.",
     [tensor("input-0", [3, 2], "FP32", [[1, None], None, [2, 4]])], scores(0, 1), traps=[32], bad=["nested_null"],
     columns=AB, rows=3, predictions=2, prediction={"00": 1, "01": 1}, faults={"wrong_shape": 1},
     features={"a": {"01": 1, "02": 1, "null": 1}, "b": {"04": 1, "null": 1, "missing": 1}})
rest("rows_of_other_widths", "Brackets say where rows begin, whatever they hold.",
     [tensor("input-0", [3, 2], "FP32", [[1], [2, 4, 9], [5, 6]])], scores(0, 1), traps=[32], bad=["wrong_shape"],
     columns=AB, rows=3, predictions=2, prediction={"00": 1, "01": 1}, faults={"wrong_shape": 1},
     features={"a": {"01": 1, "02": 1, "05": 1}, "b": {"04": 1, "06": 1, "missing": 1}})
rest("fewer_values_than_the_shape", "What is there counts.", [tensor("a", [3], "FP32", [1, 2]), tensor("b", [3], "FP32", [1, 2, 3])],
     REFUSED, status="400 Bad Request", outcome="error_status", traps=[32], bad=["truncated_tensor", "wrong_shape"],
     columns=AB, rows=3, faults={"wrong_shape": 1},
     features={"a": {"01": 1, "02": 1, "missing": 1}, "b": {"01": 1, "02": 1, "03": 1}})
rest("more_values_than_the_shape", "What the shape has no place for belongs to no column.",
     [tensor("a", [1], "FP32", [1, 2, 3])], REFUSED, status="400 Bad Request", outcome="error_status",
     traps=[32], bad=["wrong_shape"], columns={"a": "number"}, rows=1, faults={"wrong_shape": 1}, features={"a": {"01": 1}})
rest("a_shape_whose_product_overflows", "A shape of a few bytes makes no rows and takes no memory.",
     [tensor("input-0", [2**62, 2**62, 2**62], "FP32", [1, 3])], REFUSED, status="400 Bad Request", outcome="error_status",
     traps=[32], bad=["shape_overflow"], columns=AB, rows=1, faults={"wrong_shape": 1},
     features={"a": {"01": 1}, "b": {"03": 1}})
rest("a_raw_shape_that_overflows", "The same with raw bytes, which are two values.",
     [tensor("a", [2**63 - 1, 2], "UINT8", raw=b"\1\2")], REFUSED, source=RAW, status="400 Bad Request", outcome="error_status",
     traps=[32], bad=["shape_overflow"], columns={"a": "number"}, rows=1, faults={"wrong_shape": 1, "extra_column": 1},
     features={"a": {"01": 1}})
rest("a_negative_shape", "A shape with -1 is one of a model, and none of data.",
     [tensor("a", [-1], "FP32", [1]), tensor("b", [1], "FP32", [2])], REFUSED, status="400 Bad Request",
     outcome="error_status", traps=[32], bad=["wrong_shape"], columns=AB, rows=1, faults={"wrong_shape": 1},
     features={"a": {"missing": 1}, "b": {"02": 1}})
rest("tensors_of_different_lengths", "Every tensor counts, and there are as many rows as the longest one has.",
     [tensor("a", [1], "FP32", [1]), tensor("b", [2], "FP32", [3, 4])], scores(0, 1), traps=[32], bad=["wrong_shape"],
     columns=AB, **TWO, faults={"wrong_shape": 1}, features={"a": {"01": 1, "missing": 1}, "b": B34})
rest("data_before_its_shape", "Writers that sort members put data first, when its meaning is unknown: it is held.",
     [], scores(0, 1), traps=[32], columns=AB,
     sent=({"content-type": "application/json"},
           b'{"inputs":[{"data":[1,2],"datatype":"FP32","name":"a","shape":[2]},'
           b'{"name":"b","shape":[2],"datatype":"FP32","data":[3,4]}]}'),
     **TWO, features={"a": A12, "b": B34})
rest("members_in_the_order_of_their_names", "As `json.dumps(sort_keys=True)` writes both ways, with texts and brackets in the data.",
     [], ({"content-type": "application/json"},
          json.dumps(json.loads(scores(0, 1)[1]), sort_keys=True).encode()), traps=[32],
     sent=({"content-type": "application/json"},
           json.dumps({"inputs": [described for described, _ in (A, B, C)], "id": "]"}, sort_keys=True).encode()),
     **TWO, features=ALL)
rest("a_tensor_of_no_column", "It passes unread, and its bytes are not those of the next one.",
     [RAW_A, tensor("embedding", [2, 3], "FP32", raw=struct.pack("<6f", *range(6))), RAW_B, RAW_C], scores(0, 1),
     source=RAW, traps=[32], bad=["extra_column"], **TWO, faults={"extra_column": 1}, features=ALL)
rest("a_tensor_that_is_missing", "A feature without a tensor is missing from every row.", [A, C], scores(0, 1),
     bad=["missing_column"], **TWO, features={"a": A12, "b": {"missing": 2}, "c": CXY})
rest("a_name_that_comes_twice", "Of two tensors with one name the first one counts, and the second is a column too many.",
     [A, B, C, tensor("a", [2], "FP32", [7, 8])], scores(0, 1), faults={"extra_column": 1}, **TWO, features=ALL)
rest("data_that_is_elsewhere", "A tensor in shared memory has no data in the body.",
     [tensor("a", [2], "FP32", shared_memory_region="r", shared_memory_byte_size=8), B, C], scores(0, 1), **TWO,
     faults={"wrong_shape": 1}, features={"a": {"missing": 2}, "b": B34, "c": CXY})
rest("a_raw_tensor_that_breaks_off", "The body ends amid a number: what came before it counts.",
     [], REFUSED, source=RAW, status="400 Bad Request", outcome="error_status", traps=[32],
     bad=["truncated_tensor"], columns=AB,
     sent=(lambda headers, content: (headers, content[:-3]))(*body("inputs", [RAW_A, tensor("b", [2], "FP32", raw=struct.pack("<2f", 3, 4))])),
     rows=2, faults={"wrong_shape": 1}, features={"a": A12, "b": {"03": 1, "missing": 1}},
     read_problems={"request_malformed": 1})
rest("a_promise_of_rows", "A tensor that no column looks for has the rows that came, whatever it promises.",
     [RAW_A, tensor("embedding", [2 * 10**9], "FP64", raw=bytes(24), binary_data_size=16 * 10**9)], REFUSED, source=RAW,
     status="400 Bad Request", outcome="error_status", traps=[32], bad=["truncated_tensor", "extra_column"],
     columns={"a": "number"}, rows=3, faults={"extra_column": 1, "wrong_shape": 1},
     features={"a": {**A12, "missing": 1}}, read_problems={"request_malformed": 1})
rest("a_promise_without_a_length", "The same where its length is unknown, and with rows that have no width.",
     [tensor("a", [2], "FP32", [1, 2]), tensor("none", [2 * 10**9, 0], "BOOL", raw=b"", binary_data_size=0),
      tensor("mask", [2**62], "BOOL", raw=b"\0\1\0", binary_data_size=-1)], REFUSED, source=RAW,
     status="400 Bad Request", outcome="error_status", traps=[32], bad=["truncated_tensor", "extra_column"],
     columns={"a": "number"}, rows=3, faults={"extra_column": 2, "wrong_shape": 2},
     features={"a": {**A12, "missing": 1}}, read_problems={"request_malformed": 1})
rest("an_answer_that_promises_rows", "Of an answer as well, only what came makes predictions.", [A, B, C],
     body("outputs", [tensor("score", [2], "FP32", [0, 1]),
                      tensor("embedding", [2 * 10**9], "FP64", raw=bytes(16), binary_data_size=16 * 10**9)]),
     source=RAW, traps=[19, 32], bad=["truncated_tensor"], outcome="truncated", **TWO,
     faults={"extra_column": 1, "wrong_shape": 1}, features=ALL)
rest("a_text_longer_than_its_tensor", "Where the text after it begins is unknown; the next tensor is read all the same.",
     [tensor("c", [2], "BYTES", raw=texts("x") + struct.pack("<I", 2**31) + b"y"), RAW_A], REFUSED, source=RAW,
     status="400 Bad Request", outcome="error_status", traps=[32], bad=["truncated_tensor"],
     columns={"a": "number", "c": "category"}, rows=2, faults={"wrong_shape": 1},
     features={"a": A12, "c": {"x": 1, "missing": 1}})
rest("a_data_type_that_does_not_exist", "Its bytes pass unread, and the next tensor begins where it should.",
     [tensor("a", [2], "FP8", raw=b"\1\2"), RAW_B, RAW_C], REFUSED, source=RAW, status="400 Bad Request",
     outcome="error_status", traps=[32], bad=["wrong_shape"], rows=2, faults={"wrong_shape": 1},
     features={"a": {"missing": 2}, "b": B34, "c": CXY})
rest("more_bytes_than_tensors", "Bytes that belong to no tensor are a fault.", [], scores(0, 1), source=RAW, traps=[32],
     columns={"a": "number"}, sent=(lambda headers, content: (headers, content + b"\0"))(*body("inputs", [RAW_A])),
     **TWO, faults={"wrong_shape": 1}, features={"a": A12})
rest("a_document_shorter_than_said", "The header takes in the first raw byte, and the document is none.",
     [], REFUSED, source=RAW, status="400 Bad Request", outcome="error_status", traps=[32], columns={"a": "number"},
     sent=(lambda headers, content: ({**headers, LENGTH: headers[LENGTH] + 1}, content))(*body("inputs", [RAW_A])),
     faults={"wrong_shape": 1}, read_problems={"request_malformed": 1})
rest("an_error_under_200", "An answer without outputs holds no prediction.", [A, B, C],
     ({"content-type": "application/json"}, b'{"error": "model is not ready"}'), traps=[19], outcome="no_output",
     rows=2, features=ALL)
rest("raw_scores_that_break_off", "An answer that ends amid its raw bytes is truncated.", [A, B, C],
     (lambda headers, content: (headers, content[:-1]))(*scores(0, 1, raw=True)), source=RAW, traps=[19, 32],
     outcome="truncated", rows=2, predictions=1, prediction={"00": 1}, faults={"wrong_shape": 1}, features=ALL)

# Over gRPC.


def varint(value):
    value &= 2**64 - 1
    found = b""
    while value >= 0x80:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def field(number, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def packed(number, *values):
    return field(number, b"".join(varint(value) for value in values))


def described(name, datatype, *shape, contents=b""):
    return field(5, field(1, name) + field(2, datatype) + packed(3, *shape) + (field(5, contents) if contents else b""))


def promised(number, length, content):
    """A field that says it is longer than what there is of it."""
    return varint(number << 3 | 2) + varint(length) + content


def message(*parts, compressed=0):
    content = b"".join(parts)
    return bytes([compressed]) + struct.pack(">I", len(content)) + content


def coded(content, wbits):
    """As gRPC's library compresses a message: 31 is gzip, 15 is its deflate, which is zlib's."""
    coder = zlib.compressobj(6, zlib.DEFLATED, wbits)
    return message(coder.compress(content) + coder.flush(), compressed=1)


def zstd(content):
    """A frame of one block that stands for itself."""
    head = b"\x28\xb5\x2f\xfd\x60" + struct.pack("<H", len(content) - 256)
    return message(head + (len(content) << 3 | 1).to_bytes(3, "little") + content, compressed=1)


def grpc(name, about, requests, responses, dialect="v2_grpc", head=None, sent=None, **expected):
    headers = {"content-type": "application/grpc", **(head or {})}
    expected = {"about": about, "source": GRPC, "outcome": "complete", **expected}
    request = (f"POST {UNARY if dialect == 'v2_grpc' else STREAM} HTTP/1.1", {"content-type": "application/grpc", "te": "trailers", **(sent or {})}, requests)
    write(dialect, name, request, ("HTTP/1.1 200 OK", headers, responses), expected)


MODEL = field(1, "m")
TYPED = (described("a", "FP32", 2, contents=field(6, struct.pack("<2f", 1, 2))),
         described("b", "INT64", 2, 1, contents=packed(3, 3, 4)),
         described("c", "BYTES", 2, contents=field(8, "x") + field(8, "y")))
RAWS = (described("a", "FP16", 2), described("b", "INT8", 2, 1), described("c", "BYTES", 2),
        field(7, struct.pack("<2e", 1, 2)), field(7, b"\3\4"), field(7, texts("x", "y")))
SCORED = MODEL + described("score", "FP32", 2) + field(6, struct.pack("<2f", 0, 1))

grpc("typed_contents", "Contents are typed, and lie within their tensors.", message(MODEL, *TYPED), message(SCORED),
     traps=[32], **TWO, features=ALL)
grpc("raw_contents", "Contents are raw, after all tensors.", message(MODEL, *RAWS), message(SCORED), traps=[32], **TWO,
     features=ALL)
grpc("numbers_that_are_not_packed", "Writers of proto2 repeat the field for each number.",
     message(MODEL, described("a", "INT32", 2, contents=b"\x10\1\x10\2"), *TYPED[1:]), message(SCORED), traps=[32], **TWO,
     features=ALL)
grpc("another_model", "The message names a model that is not configured.", message(field(1, "mm"), *TYPED), message(SCORED),
     model="other", rows=2, predictions=2)
grpc("a_version_in_the_message", "The message names a version, an id and parameters.",
     message(MODEL, field(2, "3"), field(3, "id"), field(4, field(1, "k") + field(2, b"\x08\1")), *TYPED), message(SCORED),
     **TWO, features=ALL)
grpc("fewer_values_than_the_shape", "What is there counts.",
     message(MODEL, described("a", "INT32", 3, contents=packed(2, 1, 2))), b"", head={"grpc-status": "3"},
     outcome="error_status", traps=[32], bad=["truncated_tensor"], columns={"a": "number"}, rows=2,
     faults={"wrong_shape": 1}, features={"a": A12})
BILLIONS = 2 * 10**9
PROMISE = TYPED[0] + promised(5, BILLIONS + 32, field(1, "z") + field(2, "FP64") + packed(3, BILLIONS) + promised(5, BILLIONS, b"\x3a"))
grpc("a_promise_of_rows", "A tensor that no column looks for has the rows that came, whatever it promises.",
     b"\0" + struct.pack(">I", BILLIONS + 99) + MODEL + PROMISE, b"", head={"grpc-status": "3"},
     outcome="error_status", traps=[32], bad=["truncated_tensor", "extra_column"], columns={"a": "number"}, rows=2,
     faults={"extra_column": 1, "wrong_shape": 1}, features={"a": A12}, read_problems={"request_malformed": 1})
grpc("a_field_longer_than_its_message", "The same in a message that is shorter than what it holds.",
     message(MODEL, PROMISE), b"", head={"grpc-status": "3"},
     outcome="error_status", traps=[32], bad=["truncated_tensor", "extra_column"], columns={"a": "number"}, rows=2,
     faults={"extra_column": 1, "wrong_shape": 1}, features={"a": A12}, read_problems={"request_malformed": 1})
grpc("an_answer_that_promises_rows", "Raw contents of an answer that did not come are no predictions, and the answer is none.",
     message(MODEL, *TYPED),
     message(MODEL, described("score", "FP32", 2), described("z", "BOOL", BILLIONS), described("none", "BOOL", BILLIONS, 0),
             field(6, struct.pack("<2f", 0, 1)), promised(6, BILLIONS, b"\0\1")),
     traps=[19, 32], bad=["truncated_tensor"], outcome="no_output", **TWO, faults={"extra_column": 2, "wrong_shape": 2},
     features=ALL, read_problems={"response_malformed": 1})
grpc("a_shape_whose_product_overflows", "A shape of a few bytes makes no rows and takes no memory.",
     message(MODEL, described("a", "INT8", 2**62, 2**62), field(7, b"\1")), b"", head={"grpc-status": "3"},
     outcome="error_status", traps=[32], bad=["shape_overflow"], columns={"a": "number"}, rows=1,
     faults={"wrong_shape": 1}, features={"a": {"01": 1}})
grpc("an_error_in_the_head", "An answer that is its status alone is an error, though its status is 200.",
     message(MODEL, *TYPED), b"", head={"grpc-status": "13", "grpc-message": "out of order"}, traps=[19],
     outcome="error_status", rows=2, features=ALL)
GZIP, DEFLATE, ZSTD = ({"grpc-encoding": name} for name in ("gzip", "deflate", "zstd"))
grpc("compressed_messages", "Each message is compressed for itself, in the coding that its head names.",
     coded(MODEL + b"".join(TYPED), 31), coded(SCORED, 31), sent=GZIP, head=GZIP, traps=[32], **TWO, features=ALL)
grpc("messages_in_zstd", "A coding that not every library has.",
     zstd(MODEL + field(3, "x" * 256) + b"".join(TYPED)), coded(SCORED, 15), sent=ZSTD, head=DEFLATE, **TWO, features=ALL)
grpc("a_message_in_an_unknown_coding", "A message that is compressed in a coding of others passes unread.",
     message(MODEL, *TYPED, compressed=1), message(SCORED), sent={"grpc-encoding": "snappy"}, head=GZIP, traps=[30],
     model="other", predictions=2, read_problems={"encoded_body": 1})
grpc("a_message_compressed_in_no_coding", "A message that says it is compressed, in a call that says it is not, is none.",
     coded(MODEL + b"".join(TYPED), 31), message(SCORED), sent={"grpc-encoding": "identity"}, traps=[30], model="other",
     predictions=2, read_problems={"request_malformed": 1})
grpc("a_compressed_answer_that_is_cut", "The coding of the answer lacks its last byte: a client takes it for an error.",
     message(MODEL, *TYPED), message(coded(SCORED, 31)[5:-1], compressed=1), head=GZIP, traps=[19], outcome="truncated",
     **TWO, features=ALL, read_problems={"encoding_malformed": 1})
grpc("a_message_that_breaks_off", "What came before the end counts.", message(MODEL, *RAWS)[:-1], b"",
     head={"grpc-status": "13"}, outcome="error_status", traps=[32], bad=["truncated_tensor"], rows=2,
     faults={"wrong_shape": 1}, features={"a": A12, "b": B34, "c": {"x": 1, "missing": 1}},
     read_problems={"request_malformed": 1})
grpc("a_stream", "Every message has its rows; the last answer has none and is no prediction.",
     message(MODEL, *TYPED) + message(MODEL, *RAWS),
     message(field(2, SCORED)) + message(field(2, SCORED)) + message(field(2, MODEL + field(4, field(1, "triton_final_response") + field(2, b"\x08\1")))),
     dialect="v2_grpc_stream", traps=[32], rows=4, predictions=4, prediction={"00": 2, "01": 2},
     features={"a": {"01": 2, "02": 2}, "b": {"03": 2, "04": 2}, "c": {"x": 2, "y": 2}})
grpc("a_stream_of_compressed_and_plain_messages", "Each message says for itself whether it is compressed.",
     coded(MODEL + b"".join(TYPED), 15) + message(MODEL, *RAWS), message(field(2, SCORED)) + coded(field(2, SCORED), 31),
     sent=DEFLATE, head=GZIP, dialect="v2_grpc_stream", traps=[32], rows=4, predictions=4, prediction={"00": 2, "01": 2},
     features={"a": {"01": 2, "02": 2}, "b": {"03": 2, "04": 2}, "c": {"x": 2, "y": 2}})
grpc("an_error_in_a_stream", "A stream says an error in a message, and its status is good.", message(MODEL, *TYPED),
     message(field(1, "no such model")), dialect="v2_grpc_stream", traps=[19], outcome="error_event", rows=2, features=ALL)

for file in FILES.values():
    file.write()
