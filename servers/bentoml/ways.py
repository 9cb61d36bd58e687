"""BentoML: a path for each function of a service, by BentoML's own client. It never counts anything."""

import bentoml
import pandas as pd
import requests

SECONDS = 20


def way(call):
    def way(proxy):
        client = bentoml.SyncHTTPClient(proxy.url, timeout=SECONDS)
        return lambda batch: (batch.tolist(), call(client, proxy, batch).tolist())

    return way


def frame(proxy, batch):
    return pd.DataFrame(batch, columns=proxy.names)


def post(path, write, read):
    """Without a client, as the documentation does it with curl."""

    def way(proxy):
        def send(batch):
            response = requests.post(proxy.url + path, json=write(proxy, batch), timeout=SECONDS)
            if not response.ok:
                raise SystemExit(f"{response.status_code}: {response.text}")
            return batch.tolist(), read(response.json())

        return send

    return way


WAYS = {
    "array": way(lambda client, _, batch: client.classify(input_data=batch)),
    "frame": way(lambda client, proxy, batch: client.frame(input_frame=frame(proxy, batch))),
    "whole_body": post("/whole", lambda _, batch: batch.tolist(), lambda answer: answer),
    "named": post(
        "/named",
        lambda proxy, batch: {"rows": frame(proxy, batch).to_dict("records")},
        lambda answer: answer["predictions"],
    ),
}
