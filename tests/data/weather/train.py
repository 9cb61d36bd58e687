#!/usr/bin/env python3
"""Trains the rain model of Driftline's tests, and writes scores.csv and quality.json beside this file.

It needs scikit-learn 1.9.1 and river 0.26.1; no other part of the project does:

    python3 -m venv VENV && VENV/bin/pip install scikit-learn==1.9.1 river==0.26.1
    VENV/bin/python tests/data/weather/train.py

With --check it writes nothing, and fails unless the files hold what it computes. With --others it writes nothing, and
prints how often this fit and five others are wrong, and when ADWIN signals.
"""

import csv
import json
import pathlib
import sys

import numpy
import river
import scipy
import sklearn
from river.drift import ADWIN
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, confusion_matrix, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDER = pathlib.Path(__file__).resolve().parent
REFERENCE_ROWS = 3_000
BLOCK_ROWS = 1_500
THRESHOLD = 0.5
# How close to 0 and 1 scores are in Driftline's log loss. scikit-learn itself clips at 2.2e-16.
CLIP = 1e-8


def table():
    with open(FOLDER / "rainfall_data.csv", newline="") as file:
        rows = list(csv.reader(file))
    header, rows = rows[0], rows[1:]
    assert header[0] == "" and header[-1] == "rain" and len(header) == 10, header
    features = numpy.array([[float(cell) for cell in row[1:-1]] for row in rows])
    return features, numpy.array([int(row[-1]) for row in rows])


def measured(labels, scores, predictions, begin, end):
    """What scikit-learn says of the rows begin to end, without end."""
    y, score, predicted = labels[begin:end], scores[begin:end], predictions[begin:end]
    (tn, fp), (fn, tp) = confusion_matrix(y, predicted, labels=[0, 1]).tolist()
    return {
        "rows": [begin, end],
        "tn": tn,
        "fp": fp,
        "fn": fn,
        "tp": tp,
        "accuracy": float(accuracy_score(y, predicted)),
        "roc_auc": float(roc_auc_score(y, score)),
        "log_loss": float(log_loss(y, score)),
        "log_loss_clipped": float(log_loss(y, numpy.clip(score, CLIP, 1 - CLIP))),
        "brier": float(brier_score_loss(y, score)),
    }


def detections(errors, first_row):
    """The rows at which river's ADWIN, with its default settings, signals drift if it is fed from first_row on."""
    detector, found = ADWIN(), []
    for row in range(first_row, len(errors)):
        detector.update(int(errors[row]))
        if detector.drift_detected:
            found.append(row)
    return {"delta": 0.002, "clock": 32, "first_row": first_row, "drift_rows": found}


def lines(value):
    """One member, and one element of a list of objects, per line."""
    def short(it):
        if isinstance(it, list) and it and isinstance(it[0], dict):
            return "[\n  " + ",\n  ".join(json.dumps(each) for each in it) + "\n ]"
        return json.dumps(it)

    return "{\n " + ",\n ".join(f'"{key}": {short(it)}' for key, it in value.items()) + "\n}\n"


def others(features, labels):
    for scaled in [False, True]:
        for c in [1e6, 1.0, 0.1]:
            regression = LogisticRegression(C=c, max_iter=5_000)
            fit = make_pipeline(StandardScaler(), regression) if scaled else regression
            fit.fit(features[:REFERENCE_ROWS], labels[:REFERENCE_ROWS])
            scores = numpy.round(fit.predict_proba(features)[:, 1], 6)
            errors = (THRESHOLD <= scores) != labels
            parts = [errors[:REFERENCE_ROWS], errors[REFERENCE_ROWS:12_000], errors[12_000:]]
            wrong = ", ".join(f"{part.mean():.3f}" for part in parts)
            first = [detections(errors, row)["drift_rows"][0] for row in (0, REFERENCE_ROWS)]
            print(f"C={c:g} scaled={scaled}: wrong {wrong}; first signal from row 0 {first[0]}, from 3000 {first[1]}")


features, labels = table()
if "--others" in sys.argv[1:]:
    others(features, labels)
    sys.exit(0)
model = LogisticRegression().fit(features[:REFERENCE_ROWS], labels[:REFERENCE_ROWS])
# Everything from here on is of the scores as they are written.
texts = [f"{score:.6f}" for score in model.predict_proba(features)[:, 1]]
scores = numpy.array([float(text) for text in texts])
predictions = (THRESHOLD <= scores).astype(int)
errors = predictions != labels

rows = ["row,score,prediction,label"]
rows += [f"{row},{text},{predictions[row]},{labels[row]}" for row, text in enumerate(texts)]
count = len(labels)
quality = {
    "versions": {
        "python": sys.version.split()[0],
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "river": river.__version__,
    },
    "model": {"intercept": float(model.intercept_[0]), "coefficients": model.coef_[0].tolist()},
    "threshold": THRESHOLD,
    "all": measured(labels, scores, predictions, 0, count),
    "reference": measured(labels, scores, predictions, 0, REFERENCE_ROWS),
    "blocks": [
        measured(labels, scores, predictions, begin, min(begin + BLOCK_ROWS, count))
        for begin in range(0, count, BLOCK_ROWS)
    ],
    # Rows that the model was trained on have fewer errors than any later ones, so the second list is that of a deployment.
    "adwin": [detections(errors, 0), detections(errors, REFERENCE_ROWS)],
}
written = {"scores.csv": "\n".join(rows) + "\n", "quality.json": lines(quality)}
if "--check" in sys.argv[1:]:
    stale = [name for name, text in written.items() if (FOLDER / name).read_text() != text]
    sys.exit(f"not what is computed: {', '.join(stale)}" if stale else 0)
for name, text in written.items():
    (FOLDER / name).write_text(text)
