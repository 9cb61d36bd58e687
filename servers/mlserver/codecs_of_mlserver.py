"""MLServer's own codecs and gRPC stubs. It never counts anything."""

import grpc
import numpy as np
import pandas as pd
import requests
from mlserver.codecs import NumpyCodec, NumpyRequestCodec, PandasCodec
from mlserver.grpc import dataplane_pb2_grpc
from mlserver.grpc.converters import ModelInferRequestConverter, ModelInferResponseConverter
from mlserver.types import InferenceResponse, RequestOutput

SECONDS = 20


def answer_of(proxy, outputs):
    """The values of the output that is the prediction; those of others are no answers."""
    wanted = "predict_proba" if proxy.kind == "probabilities" else "predict"
    output = next(output for output in outputs if output.name == wanted)
    return NumpyCodec.decode_output(output).tolist()


def post(proxy, request):
    response = requests.post(
        f"{proxy.url}/v2/models/{proxy.model}/infer", json=request.model_dump(exclude_none=True), timeout=SECONDS
    )
    response.raise_for_status()
    return answer_of(proxy, InferenceResponse.model_validate(response.json()).outputs)


def v2_json(proxy):
    return lambda batch: (batch.tolist(), post(proxy, NumpyRequestCodec.encode_request(batch)))


def v2_json_single(proxy):
    """In single precision, digits and all."""

    def send(batch):
        batch = batch.astype(np.float32)
        return batch.astype(float).tolist(), post(proxy, NumpyRequestCodec.encode_request(batch))

    return send


def v2_json_frame(proxy):
    """A tensor for each column."""

    def send(batch):
        frame = pd.DataFrame(batch, columns=proxy.names).astype({"visits": "int64", "member": "int64"})
        return batch.tolist(), post(proxy, PandasCodec.encode_request(frame))

    return send


def with_outputs(proxy, names):
    def send(batch):
        request = NumpyRequestCodec.encode_request(batch)
        request.outputs = [RequestOutput(name=name) for name in names]
        return batch.tolist(), post(proxy, request)

    return send


def v2_json_both(proxy):
    """The answer has the class, and then the probabilities of all classes."""
    return with_outputs(proxy, ["predict", "predict_proba"])


def v2_json_both_reversed(proxy):
    return with_outputs(proxy, ["predict_proba", "predict"])


def v2_grpc(proxy):
    """Typed contents."""
    stub = dataplane_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(proxy.address))

    def send(batch):
        request = NumpyRequestCodec.encode_request(batch)
        message = ModelInferRequestConverter.from_types(request, model_name=proxy.model, model_version=None)
        response = ModelInferResponseConverter.to_types(stub.ModelInfer(message, timeout=SECONDS))
        return batch.tolist(), answer_of(proxy, response.outputs)

    return send
