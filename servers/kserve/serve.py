"""KServe's server with one scikit-learn model in a predictor, as its documentation writes one. It trains nothing."""

import pathlib
import sys

import joblib
import kserve
import pandas as pd

from kserve.utils.utils import get_predict_input, get_predict_response


class Predictor(kserve.Model):
    """What KServe's own server of scikit-learn does, which is not on PyPI."""

    def __init__(self, name, file, method):
        super().__init__(name)
        self.file, self.method = file, method

    def load(self):
        self.predict_with = getattr(joblib.load(self.file), self.method)
        self.ready = True
        return self.ready

    def predict(self, payload, headers=None, response_headers=None):
        rows = payload.get("instances") if isinstance(payload, dict) else None
        if rows and isinstance(rows[0], dict):
            rows = pd.DataFrame(rows)
        else:
            rows = get_predict_input(payload)
        answers = self.predict_with(rows.to_numpy() if isinstance(rows, pd.DataFrame) else rows)
        return get_predict_response(payload, answers, self.name)


def main():
    folder, model, kind, http, grpc = sys.argv[1:]
    file = pathlib.Path(folder, f"{'numbers' if kind == 'numbers' else 'classes'}.joblib")
    predictor = Predictor(model, file, "predict_proba" if kind == "probabilities" else "predict")
    predictor.load()
    kserve.ModelServer(http_port=int(http), grpc_port=int(grpc), workers=1).start([predictor])


main()
