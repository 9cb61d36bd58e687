"""Seldon Core's V1 protocol as JSON, and as the form field that its own client posts. It never counts anything."""

import requests
from seldon_core.seldon_client import SeldonClient
from seldon_core.utils import seldon_message_to_json

SECONDS = 20


def answers_of(message):
    """A tensor has its shape beside the values."""
    data = message["data"]
    if "ndarray" in data:
        return data["ndarray"]
    values, shape = data["tensor"]["values"], data["tensor"]["shape"]
    width = shape[1] if len(shape) == 2 else 1
    return [values[at : at + width] for at in range(0, len(values), width)]


def as_json(write):
    def way(proxy):
        def send(batch):
            message = {"data": write(proxy, batch)}
            response = requests.post(f"{proxy.url}/api/v1.0/predictions", json=message, timeout=SECONDS)
            if not response.ok:
                raise SystemExit(f"{response.status_code}: {response.text}")
            return batch.tolist(), answers_of(response.json())

        return send

    return way


def by_own_client(payload_type):
    """It posts a form with the field `json`, to `/predict`."""

    def way(proxy):
        client = SeldonClient(transport="rest", microservice_endpoint=proxy.address, payload_type=payload_type)

        def send(batch):
            answer = client.microservice(data=batch, method="predict", names=proxy.names)
            if not answer.success:
                raise SystemExit(answer.msg)
            return batch.tolist(), answers_of(seldon_message_to_json(answer.response))

        return send

    return way


def tensor(batch):
    return {"shape": list(batch.shape), "values": batch.flatten().tolist()}


WAYS = {
    "ndarray": as_json(lambda _, batch: {"ndarray": batch.tolist()}),
    "ndarray_names": as_json(lambda proxy, batch: {"names": proxy.names, "ndarray": batch.tolist()}),
    "tensor": as_json(lambda _, batch: {"tensor": tensor(batch)}),
    "tensor_names": as_json(lambda proxy, batch: {"names": proxy.names, "tensor": tensor(batch)}),
    "form_ndarray": by_own_client("ndarray"),
    "form_tensor": by_own_client("tensor"),
}
