"""MLServer: the Open Inference Protocol, by its own codecs and by Triton's client. It never counts anything."""

import importlib

import triton


def own(name):
    """MLServer and Triton's client bring the same messages, and Python takes them only once in a process."""
    return lambda proxy: getattr(importlib.import_module("codecs_of_mlserver"), name)(proxy)


OWN = ["v2_json", "v2_json_single", "v2_json_frame", "v2_json_both", "v2_json_both_reversed", "v2_grpc"]

WAYS = {
    **{name: own(name) for name in OWN},
    "v2_json_triton": triton.way("http", "float32", "FP32", binary_data=False),
    "v2_grpc_raw": triton.way("grpc", "float64", "FP64"),
    "v2_grpc_raw_single": triton.way("grpc", "float32", "FP32"),
}
