"""Becomes MLflow's scoring server with one scikit-learn model. It trains nothing and sends nothing."""

import os
import pathlib
import sys

import joblib
import mlflow.pyfunc
import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature


class Framed(mlflow.pyfunc.PythonModel):
    """Answers a data frame, as MLflow's own examples of Python models do."""

    def __init__(self, model):
        self.model = model

    def predict(self, context, model_input, params=None):
        return pd.DataFrame({"class": self.model.predict(model_input)})


def save(model, kind, rows, folder):
    if kind == "framed":
        mlflow.pyfunc.save_model(folder, python_model=Framed(model), signature=infer_signature(rows))
        return
    method = "predict_proba" if kind == "probabilities" else "predict"
    # With a signature MLflow makes a data frame of whatever has names, and without one it takes lists.
    signature = None if kind == "unsigned" else infer_signature(rows, getattr(model, method)(rows))
    options = {"pyfunc_predict_fn": method, "serialization_format": "cloudpickle"}
    mlflow.sklearn.save_model(model, folder, signature=signature, **options)


def main():
    folder, _model, kind, http, _grpc = sys.argv[1:]
    model = joblib.load(pathlib.Path(folder, f"{'numbers' if kind == 'numbers' else 'classes'}.joblib"))
    rows = pd.read_csv(pathlib.Path(folder, "training.csv")).drop(columns=["class", "number"])
    saved = str(pathlib.Path(folder, "mlflow-model"))
    save(model, kind, rows, saved)
    # It finds uvicorn by its name.
    os.environ["PATH"] = os.path.join(sys.prefix, "bin") + os.pathsep + os.environ["PATH"]
    arguments = ["--model-uri", saved, "--host", "127.0.0.1", "--port", http, "--env-manager", "local"]
    os.execv(os.path.join(sys.prefix, "bin/mlflow"), ["mlflow", "models", "serve", *arguments])


main()
