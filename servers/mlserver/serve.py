"""Becomes MLServer with one scikit-learn model. It trains nothing and sends nothing."""

import json
import os
import pathlib
import sys


def main():
    folder, model, kind, http, grpc = sys.argv[1:]
    place = pathlib.Path(folder, "repository")
    (place / model).mkdir(parents=True)
    parameters = {"uri": str(pathlib.Path(folder, f"{'numbers' if kind == 'numbers' else 'classes'}.joblib"))}
    if kind == "probabilities":
        parameters["extra"] = {"predict_fn": "predict_proba"}
    settings = {"name": model, "implementation": "mlserver_sklearn.SKLearnModel", "parameters": parameters}
    (place / model / "model-settings.json").write_text(json.dumps(settings))
    settings = {
        "host": "127.0.0.1",
        "http_port": int(http),
        "grpc_port": int(grpc),
        "metrics_endpoint": None,
        # One process.
        "parallel_workers": 0,
    }
    (place / "settings.json").write_text(json.dumps(settings))
    os.chdir(place)
    os.execv(os.path.join(sys.prefix, "bin/mlserver"), ["mlserver", "start", str(place)])


main()
