"""MLflow's `/invocations`, in each form that its documentation has for a table. It never counts anything."""

import pandas as pd
import requests

SECONDS = 20


def plain(frame):
    """With `None` where there is no value, as JSON has it."""
    return frame.astype(object).where(frame.notna(), None)


def way(write, content_type="application/json"):
    def way(proxy):
        def send(batch):
            frame = pd.DataFrame(batch, columns=proxy.names).astype({"visits": "int64", "member": "int64"})
            body = write(frame)
            arguments = {"data": body} if isinstance(body, str) else {"json": body}
            headers = {"content-type": content_type}
            response = requests.post(f"{proxy.url}/invocations", headers=headers, timeout=SECONDS, **arguments)
            if not response.ok:
                raise SystemExit(f"{response.status_code}: {response.text}")
            return batch.tolist(), response.json()["predictions"]

        return send

    return way


WAYS = {
    "dataframe_split": way(lambda frame: {"dataframe_split": plain(frame).to_dict("split")}),
    "dataframe_split_without_index": way(
        lambda frame: {"dataframe_split": {"columns": list(frame), "data": frame.to_numpy().tolist()}}
    ),
    "dataframe_records": way(lambda frame: {"dataframe_records": plain(frame).to_dict("records")}),
    "instances": way(lambda frame: {"instances": frame.to_numpy().tolist()}),
    "instances_named": way(lambda frame: {"instances": frame.to_dict("records")}),
    "inputs": way(lambda frame: {"inputs": frame.to_numpy().tolist()}),
    "inputs_columns": way(lambda frame: {"inputs": frame.to_dict("list")}),
    "csv": way(lambda frame: frame.to_csv(index=False), "text/csv"),
}
