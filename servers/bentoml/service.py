"""A service of BentoML, as its documentation writes one for scikit-learn. It trains nothing and sends nothing."""

import os

import bentoml
import joblib
import numpy as np
import pandas as pd

model = joblib.load(os.environ["DRIFTLINE_MODEL_FILE"])
predict_with = getattr(model, os.environ["DRIFTLINE_MODEL_METHOD"])


@bentoml.service
class Predictor:
    @bentoml.api
    def classify(self, input_data: np.ndarray) -> np.ndarray:
        """The rows are a member of the body."""
        return predict_with(input_data)

    @bentoml.api
    def whole(self, rows: np.ndarray, /) -> np.ndarray:
        """The body is the rows."""
        return predict_with(rows)

    @bentoml.api
    def frame(self, input_frame: pd.DataFrame) -> np.ndarray:
        """The rows are a data frame."""
        return predict_with(input_frame.to_numpy())

    @bentoml.api
    def named(self, rows: list[dict]) -> dict:
        """The rows have names, and so does the answer."""
        return {"predictions": predict_with(pd.DataFrame(rows).to_numpy()).tolist()}
