"""Sends the training rows in one way, and prints what it sent and got. It never asks the proxy what that counted."""

import csv
import importlib
import json
import sys

import numpy as np
from counting import Counts

# Rows in one request, in turn. A single row and a batch are not the same to every server.
BATCHES = [1, 9, 40, 150]
SECONDS = 20


class Proxy:
    """Where a client sends its requests, and what it asks for."""

    def __init__(self, address, model, kind, names):
        self.address, self.model, self.kind, self.names = address, model, kind, names
        self.url = f"http://{address}"


def main():
    way, address, model, kind, training, profile = sys.argv[1:]
    with open(training, newline="") as file:
        names, *cells = list(csv.reader(file))
    with open(profile) as file:
        counts = Counts(json.load(file))
    rows = np.array([[float(cell or "nan") for cell in row[: len(counts.names)]] for row in cells])
    rows = np.random.default_rng(5).permutation(rows)
    send = importlib.import_module("ways").WAYS[way](Proxy(address, model, kind, names[: rows.shape[1]]))
    at = 0
    while at < len(rows):
        batch = rows[at : at + BATCHES[counts.requests % len(BATCHES)]]
        at += len(batch)
        sent, answers = send(batch)
        if len(answers) != len(batch):
            raise SystemExit(f"{len(batch)} rows were sent, and {len(answers)} answered: {answers}")
        counts.request(sent, answers)
    print(json.dumps(counts.document()))


main()
