"""Becomes BentoML's server of the service beside this file. It trains nothing and sends nothing."""

import os
import pathlib
import sys


def main():
    folder, _model, kind, http, _grpc = sys.argv[1:]
    file = pathlib.Path(folder, f"{'numbers' if kind == 'numbers' else 'classes'}.joblib")
    os.environ["DRIFTLINE_MODEL_FILE"] = str(file)
    os.environ["DRIFTLINE_MODEL_METHOD"] = "predict_proba" if kind == "probabilities" else "predict"
    os.environ["BENTOML_HOME"] = str(pathlib.Path(folder, "bentoml"))
    os.environ["BENTOML_DO_NOT_TRACK"] = "True"
    os.chdir(pathlib.Path(__file__).parent)
    arguments = ["serve", "service:Predictor", "--host", "127.0.0.1", "--port", http]
    os.execv(os.path.join(sys.prefix, "bin/bentoml"), ["bentoml", *arguments])


main()
