"""Makes the tables of this folder and what scikit-learn and numpy say of them: python3 make.py, with the versions of
tests/data/vectors/versions.json. The rows are made up; their generator is SplitMix64, as described there."""

import csv
import json
import math
import os

import numpy
from sklearn import metrics

HERE = os.path.dirname(os.path.abspath(__file__))
MASK = 2**64 - 1


class Random:
    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53

    def normal(self):
        return sum(self.uniform() for _ in range(12)) - 6.0


def write(name, head, rows):
    with open(os.path.join(HERE, name), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)


def by_city(rows, city, error):
    found = {}
    for row in rows:
        count, sum_ = found.get(row[city], (0, 0))
        found[row[city]] = (count + 1, sum_ + error(row))
    return {name: list(found[name]) for name in sorted(found)}


def binary():
    random = Random(101)
    rows = []
    for number in range(400):
        city = ["Kiel", "Lima", "Oslo"][int(random.uniform() * 3)]
        age = 20 + int(random.uniform() * 50)
        logit = random.normal() * 1.5 - 0.8
        score = round(1 / (1 + math.exp(-logit)), 4)
        churned = int(random.uniform() < (score if city != "Oslo" else score * 0.4))
        # Every fiftieth row has no label yet, and one has no score.
        label = None if number % 50 == 7 else churned
        rows.append([city, age, label, None if number == 30 else score])
    write("churn.csv", ["city", "age", "churned", "score"], rows)
    used = [row for row in rows if row[2] is not None and row[3] is not None]
    y, s = [row[2] for row in used], [row[3] for row in used]
    predicted = [int(score >= 0.4) for score in s]
    return {
        "rows": len(used),
        "threshold": 0.4,
        "confusion": metrics.confusion_matrix(y, predicted).tolist(),
        "accuracy": metrics.accuracy_score(y, predicted),
        "precision": metrics.precision_score(y, predicted),
        "recall": metrics.recall_score(y, predicted),
        "auc": metrics.roc_auc_score(y, s),
        "average_precision": metrics.average_precision_score(y, s),
        "brier": metrics.brier_score_loss(y, s),
        "log_loss": metrics.log_loss(y, s),
        "scores_sum": math.fsum(s),
        "wrong_by_city": by_city(used, 0, lambda row: int(row[2] != int(row[3] >= 0.4))),
    }


def classes():
    random = Random(102)
    names = ["cat", "dog", "eel"]
    rows = []
    for _ in range(250):
        label = names[int(random.uniform() ** 1.5 * 3)]
        predicted = label if random.uniform() < 0.7 else names[int(random.uniform() * 3)]
        rows.append([round(random.normal(), 3), label, predicted])
    write("species.csv", ["size", "species", "predicted"], rows)
    y, p = [row[1] for row in rows], [row[2] for row in rows]
    return {
        "names": names,
        "confusion": metrics.confusion_matrix(y, p, labels=names).tolist(),
        "accuracy": metrics.accuracy_score(y, p),
        "f1_macro": metrics.f1_score(y, p, average="macro"),
        "mcc": metrics.matthews_corrcoef(y, p),
    }


def regression():
    random = Random(103)
    rows = []
    for _ in range(300):
        city = ["Kiel", "Lima"][int(random.uniform() * 2)]
        label = round(50 + random.normal() * 12, 2)
        rows.append([city, label, round(label + random.normal() * 3 + 0.5, 2)])
    write("demand.csv", ["city", "demand", "forecast"], rows)
    y, p = numpy.array([row[1] for row in rows]), numpy.array([row[2] for row in rows])
    return {
        "rows": len(rows),
        "mean": float(numpy.mean(y)),
        "deviation": float(numpy.std(y)),
        "mae": metrics.mean_absolute_error(y, p),
        "rmse": metrics.root_mean_squared_error(y, p),
        "bias": float(numpy.mean(p - y)),
        "r2": metrics.r2_score(y, p),
        "mape": metrics.mean_absolute_percentage_error(y, p),
        "absolute_error_by_city": by_city(rows, 0, lambda row: abs(row[2] - row[1])),
    }


if __name__ == "__main__":
    found = {"binary": binary(), "classes": classes(), "regression": regression()}
    with open(os.path.join(HERE, "expected.json"), "w") as file:
        json.dump(found, file, indent=1)
        file.write("\n")
