"""A server of the Open Inference Protocol, version 2, and Triton's own client that asks it, in one process.

It judges no answer. First a line of JSON comes out that says where the server listens and which arrays the client will
send. Then a line comes in for each request, and one goes out:

    {"way": "http_binary", "address": "127.0.0.1:8000"}
    {"scores": [[0.25, 0.5, 0.75, 1.0]], "error": null}

`way` is also the name of the model that is asked. With `--record FOLDER` it writes down instead what the client sends.
"""

import argparse
import http.server
import json
import pathlib
import queue
import sys
import threading
from concurrent import futures

import grpc
import ml_dtypes
import numpy as np
import tritonclient.grpc as over_grpc
import tritonclient.http as over_http
from tritonclient.grpc import service_pb2 as messages
from tritonclient.utils import InferenceServerException

SERVICE = "inference.GRPCInferenceService"
ROWS = 4
# Every type of the protocol, with its least and largest values where the filter's doubles hold them exactly.
ARRAYS = {
    "bool": ("BOOL", np.array([True, False, True, True])),
    "uint8": ("UINT8", np.array([0, 1, 200, 255], np.uint8)),
    "uint16": ("UINT16", np.array([0, 1, 256, 65535], np.uint16)),
    "uint32": ("UINT32", np.array([0, 1, 65536, 4294967295], np.uint32)),
    "uint64": ("UINT64", np.array([0, 1, 4294967296, 2**53], np.uint64)),
    "int8": ("INT8", np.array([-128, -1, 0, 127], np.int8)),
    "int16": ("INT16", np.array([-32768, -1, 0, 32767], np.int16)),
    "int32": ("INT32", np.array([-(2**31), -1, 0, 2**31 - 1], np.int32)),
    "int64": ("INT64", np.array([-(2**53), -1, 0, 2**53], np.int64)),
    "fp16": ("FP16", np.array([-65504, 2**-24, 0.1, 1.5], np.float16)),
    "bf16": ("BF16", np.array([-3.140625, 0.5, 1.0, 2.0**100], ml_dtypes.bfloat16)),
    "fp32": ("FP32", np.array([-1.5e38, 0.1, 1e-40, 3.25], np.float32)),
    "fp64": ("FP64", np.array([-1.5e300, 0.1, 5e-324, 1e16], np.float64)),
    "bytes": ("BYTES", np.array(["green", "red", "naïve", "x" * 60], np.object_)),
}
# The protocol has no JSON for these.
RAW_ONLY = ("FP16", "BF16")
# Ways whose messages are compressed, both ways: the client is told so by its own option.
COMPRESSION = {"grpc_gzip": "gzip", "grpc_deflate": "deflate", "grpc_stream_gzip": "gzip"}
ALGORITHMS = {"gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate}
SCORES = np.arange(1, ROWS + 1, dtype=np.float32) / 4

# What the server was sent last, as it came.
LAST = {}


class HttpHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        LAST.update(path=self.path, headers=dict(self.headers), body=body)
        length = self.headers.get("inference-header-content-length")
        request = json.loads(body[: int(length)] if length else body)
        wanted = request["outputs"][0].get("parameters", {})
        output = {"name": "score", "datatype": "FP32", "shape": [ROWS]}
        raw = b""
        if wanted.get("binary_data"):
            raw = SCORES.tobytes()
            output["parameters"] = {"binary_data_size": len(raw)}
        else:
            output["data"] = SCORES.tolist()
        model = self.path.split("/")[3]
        answer = json.dumps({"model_name": model, "model_version": "1", "outputs": [output]}).encode()
        self.send_response(200)
        if raw:
            self.send_header("content-type", "application/octet-stream")
            self.send_header("inference-header-content-length", str(len(answer)))
        else:
            self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer) + len(raw)))
        self.end_headers()
        self.wfile.write(answer + raw)


def infer_response(request_bytes):
    LAST.update(body=request_bytes)
    request = messages.ModelInferRequest.FromString(request_bytes)
    response = messages.ModelInferResponse(model_name=request.model_name, model_version="1")
    if request.model_name in COMPRESSION:
        # gRPC's library leaves a message as it is where compression would not make it shorter.
        response.id = "x" * 500
    output = response.outputs.add(name="score", datatype="FP32")
    output.shape.append(ROWS)
    if "typed" in request.model_name:
        output.contents.fp32_contents.extend(SCORES.tolist())
    else:
        response.raw_output_contents.append(SCORES.tobytes())
    return response


def model_infer(request_bytes, context):
    response = infer_response(request_bytes)
    compress_answers_of(response.model_name, context)
    if response.model_name == "grpc_error":
        context.abort(grpc.StatusCode.INTERNAL, "the model is out of order")
    return response.SerializeToString()


def compress_answers_of(way, context):
    if way in COMPRESSION:
        context.set_compression(ALGORITHMS[COMPRESSION[way]])


def model_stream_infer(requests, context):
    for request_bytes in requests:
        response = infer_response(request_bytes)
        compress_answers_of(response.model_name, context)
        if response.model_name == "grpc_stream_error":
            yield messages.ModelStreamInferResponse(error_message="no such model").SerializeToString()
        else:
            yield messages.ModelStreamInferResponse(infer_response=response).SerializeToString()


def serve():
    """Starts both servers; returns their addresses."""
    over_tcp = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HttpHandler)
    threading.Thread(target=over_tcp.serve_forever, daemon=True).start()
    # No serializers: the handlers take bytes as they came.
    handler = grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "ModelInfer": grpc.unary_unary_rpc_method_handler(model_infer),
            "ModelStreamInfer": grpc.stream_stream_rpc_method_handler(model_stream_infer),
        },
    )
    server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{over_tcp.server_port}", f"127.0.0.1:{port}"


def inputs_of(client, set_data):
    inputs = []
    for name, (datatype, array) in ARRAYS.items():
        tensor = client.InferInput(name, list(array.shape), datatype)
        if set_data(tensor, datatype, array) is not False:
            inputs.append(tensor)
    return inputs


def ask_http(way, address):
    def set_data(tensor, datatype, array):
        is_raw = way == "http_binary" or (way == "http_mixed" and datatype in (*RAW_ONLY, "INT32", "BYTES"))
        if datatype in RAW_ONLY and not is_raw:
            return False
        return tensor.set_data_from_numpy(array, binary_data=is_raw)

    client = over_http.InferenceServerClient(address)
    outputs = [over_http.InferRequestedOutput("score", binary_data=way != "http_json")]
    result = client.infer(way, inputs_of(over_http, set_data), outputs=outputs)
    client.close()
    return [result.as_numpy("score").tolist()]


def ask_grpc(way, address):
    client = over_grpc.InferenceServerClient(address)
    algorithm = COMPRESSION.get(way)
    inputs = inputs_of(over_grpc, lambda tensor, _, array: tensor.set_data_from_numpy(array))
    outputs = [over_grpc.InferRequestedOutput("score")]
    if not way.startswith("grpc_stream"):
        result = client.infer(way, inputs, outputs=outputs, compression_algorithm=algorithm)
        return [result.as_numpy("score").tolist()]
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)), compression_algorithm=algorithm)
    scores = []
    try:
        for _ in range(2):
            client.async_stream_infer(way, inputs, outputs=outputs)
            result, error = answers.get(timeout=20)
            if error is not None:
                raise error
            scores.append(result.as_numpy("score").tolist())
    finally:
        client.stop_stream()
    return scores


def ask_typed(way, address):
    """The client always sends raw contents, so these are its messages without its help."""
    request = messages.ModelInferRequest(model_name=way)
    fields = {
        "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
        "INT64": "int64_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
        "UINT64": "uint64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
    }  # fmt: skip
    for name, (datatype, array) in ARRAYS.items():
        if datatype in fields:
            tensor = request.inputs.add(name=name, datatype=datatype, shape=array.shape)
            values = [value.encode() for value in array] if datatype == "BYTES" else array.tolist()
            getattr(tensor.contents, fields[datatype]).extend(values)
    with grpc.insecure_channel(address) as channel:
        method = channel.unary_unary(f"/{SERVICE}/ModelInfer")
        response = messages.ModelInferResponse.FromString(method(request.SerializeToString(), timeout=20))
    return [list(response.outputs[0].contents.fp32_contents)]


def ask(way, address):
    try:
        function = ask_http if way.startswith("http") else ask_typed if way == "grpc_typed" else ask_grpc
        return {"scores": function(way, address), "error": None}
    except (InferenceServerException, grpc.RpcError) as error:
        return {"scores": [], "error": str(error)}


def tell(way, address):
    answer = ask(way, address)
    if answer["scores"] != [SCORES.tolist()]:
        raise SystemExit(f"{way}: {answer}")


def values_of(datatype, array):
    return array.tolist() if datatype == "BYTES" else [float(value) for value in array]


def record(folder, http_address, grpc_address):
    folder.mkdir(parents=True, exist_ok=True)
    lengths = {}
    for way in ("http_json", "http_binary", "http_mixed"):
        tell(way, http_address)
        (folder / f"{way}.bin").write_bytes(LAST["body"])
        headers = {name.lower(): value for name, value in LAST["headers"].items()}
        lengths[way] = headers.get("inference-header-content-length")
    for way in ("grpc_raw", "grpc_typed"):
        tell(way, grpc_address)
        message = LAST["body"]
        (folder / f"{way}.bin").write_bytes(b"\0" + len(message).to_bytes(4) + message)
    sent = {name: {"datatype": datatype, "values": values_of(datatype, array)} for name, (datatype, array) in ARRAYS.items()}
    document = {"arrays": sent, "document_bytes": {way: length and int(length) for way, length in lengths.items()}}
    (folder / "sent.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", type=pathlib.Path)
    arguments = parser.parse_args()
    server, http_address, grpc_address = serve()
    if arguments.record:
        record(arguments.record, http_address, grpc_address)
    else:
        arrays = {
            name: {"datatype": datatype, "values": values_of(datatype, array)}
            for name, (datatype, array) in ARRAYS.items()
        }
        hello = {"http": http_address, "grpc": grpc_address, "arrays": arrays, "scores": SCORES.tolist()}
        print(json.dumps(hello), flush=True)
        for line in sys.stdin:
            print(json.dumps(ask(**json.loads(line))), flush=True)
    server.stop(None)


main()
