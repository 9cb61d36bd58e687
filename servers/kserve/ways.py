"""KServe: its V1 and V2 protocols and gRPC, by its own clients. It never counts anything."""

import asyncio

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

SECONDS = 20


class Client:
    """KServe's clients know no call that waits."""

    def __init__(self, make):
        self.loop = asyncio.new_event_loop()
        self.client = self.loop.run_until_complete(self.made(make))

    async def made(self, make):
        return make()

    def infer(self, *arguments, **named):
        return self.loop.run_until_complete(self.client.infer(*arguments, **named))


def rest(protocol):
    return Client(lambda: InferenceRESTClient(RESTConfig(protocol=protocol, timeout=SECONDS)))


def v1(write):
    def way(proxy):
        client = rest("v1")

        def send(batch):
            answer = client.infer(proxy.url, write(proxy, batch), model_name=proxy.model)
            return batch.tolist(), answer["predictions"]

        return send

    return way


def values(output):
    """An array, whatever the answer had it in."""
    return output.as_numpy().tolist()


def v2(datatype, is_grpc=False, **arguments):
    """One tensor for all columns."""

    def way(proxy):
        client = Client(lambda: InferenceGRPCClient(proxy.address, timeout=SECONDS)) if is_grpc else rest("v2")
        dtype = {"FP64": np.float64, "FP32": np.float32}[datatype]

        def send(batch):
            batch = batch.astype(dtype)
            tensor = InferInput("input-0", list(batch.shape), datatype)
            tensor.set_data_from_numpy(batch, **arguments)
            request = InferRequest(proxy.model, [tensor])
            answer = client.infer(request) if is_grpc else client.infer(proxy.url, request, model_name=proxy.model)
            return batch.astype(float).tolist(), values(answer.outputs[0])

        return send

    return way


def columns(proxy):
    """A tensor for each column, in the type of the column."""
    client = rest("v2")

    def send(batch):
        tensors = []
        for name, column in zip(proxy.names, batch.T, strict=True):
            is_whole = name in ("visits", "member")
            tensor = InferInput(name, [len(column)], "INT64" if is_whole else "FP64")
            tensor.set_data_from_numpy(column.astype(np.int64 if is_whole else np.float64), binary_data=False)
            tensors.append(tensor)
        request = InferRequest(proxy.model, tensors, parameters={"content_type": "pd"})
        answer = client.infer(proxy.url, request, model_name=proxy.model)
        return batch.tolist(), values(answer.outputs[0])

    return send


def by_name(proxy, batch):
    return [dict(zip(proxy.names, row, strict=True)) for row in batch.tolist()]


WAYS = {
    "v1_instances": v1(lambda _, batch: {"instances": batch.tolist()}),
    "v1_inputs": v1(lambda _, batch: {"inputs": batch.tolist()}),
    "v1_instances_named": v1(lambda proxy, batch: {"instances": by_name(proxy, batch)}),
    "v2_json": v2("FP64", binary_data=False),
    "v2_json_columns": columns,
    "v2_binary": v2("FP64", binary_data=True),
    "v2_binary_single": v2("FP32", binary_data=True),
    "v2_grpc": v2("FP64", is_grpc=True, binary_data=False),
    "v2_grpc_raw": v2("FP32", is_grpc=True, binary_data=True),
}
