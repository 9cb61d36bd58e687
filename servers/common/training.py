"""What every server is given: rows, and models that scikit-learn trains on them. It starts no server, sends nothing."""

import csv
import pathlib
import sys

import joblib
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS = 1200
FEATURES = ["age", "income", "visits", "rate", "member"]


def draw(kind):
    """Rows and what is to be learned of them: a class of three, and a number. Some may have gaps."""
    random = np.random.default_rng(17)
    age = random.normal(40, 12, ROWS).round(1)
    income = random.lognormal(8, 0.6, ROWS).round(2)
    visits = np.minimum(random.poisson(2, ROWS), 9)
    rate = random.uniform(0, 1, ROWS)
    member = random.integers(0, 2, ROWS)
    rows = np.column_stack([age, income, visits, rate, member]).astype(np.float64)
    number = 0.4 * age + 6 * rate - 1.5 * visits + 4 * member + random.normal(0, 3, ROWS)
    if kind == "gaps":
        rows[random.uniform(0, 1, ROWS) < 0.1, FEATURES.index("age")] = np.nan
    return rows, np.digitize(number, np.quantile(number, [0.5, 0.85])), number


def text(value):
    """The number with all its digits, and without a point if it is whole; nothing if there is none."""
    if np.isnan(value):
        return ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def make(folder, kind=None):
    """Writes `training.csv`, with what the models answer on its rows, and a file for each model."""
    rows, label, number = draw(kind)
    classes = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=500)).fit(rows, label)
    numbers = make_pipeline(SimpleImputer(), StandardScaler(), LinearRegression()).fit(rows, number)
    joblib.dump(classes, folder / "classes.joblib")
    joblib.dump(numbers, folder / "numbers.joblib")
    with open(folder / "training.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*FEATURES, "class", "number"])
        for row, a_class, a_number in zip(rows, classes.predict(rows), numbers.predict(rows), strict=True):
            writer.writerow([*map(text, row), int(a_class), text(a_number)])


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]), *sys.argv[2:])
