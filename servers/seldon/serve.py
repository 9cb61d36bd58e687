"""Becomes Seldon Core's microservice with one scikit-learn model, wrapped in a Python class. It trains nothing."""

import json
import os
import pathlib
import sys

CLASS = '''"""A model as Seldon wraps it."""

import joblib


class Predictor:
    def __init__(self, file, kind):
        self.model, self.kind = joblib.load(file), kind

    def predict(self, rows, names, meta=None):
        if self.kind == "probabilities":
            return self.model.predict_proba(rows)
        answers = self.model.predict(rows)
        # Seldon gives a name to each column that an answer has, and none to a plain list.
        return answers.reshape(-1, 1) if self.kind == "column" else answers
'''


def main():
    folder, _model, kind, http, grpc = sys.argv[1:]
    place = pathlib.Path(folder, "seldon-model")
    place.mkdir()
    (place / "Predictor.py").write_text(CLASS)
    file = pathlib.Path(folder, f"{'numbers' if kind == 'numbers' else 'classes'}.joblib")
    values = {"file": str(file), "kind": kind}
    parameters = [{"name": name, "value": value, "type": "STRING"} for name, value in values.items()]
    os.environ["PREDICTIVE_UNIT_PARAMETERS"] = json.dumps(parameters)
    os.environ["PREDICTIVE_UNIT_HTTP_SERVICE_PORT"] = http
    os.environ["PREDICTIVE_UNIT_GRPC_SERVICE_PORT"] = grpc
    os.chdir(place)
    arguments = ["Predictor", "--service-type", "MODEL", "--workers", "1", "--single-threaded", "1"]
    os.execv(os.path.join(sys.prefix, "bin/seldon-core-microservice"), ["seldon-core-microservice", *arguments])


main()
