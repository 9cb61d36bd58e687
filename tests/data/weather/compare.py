#!/usr/bin/env python3
"""Compares what Driftline, evidently and NannyML say of the weather data, in blocks of 1,500 rows.

It needs a built filter, the command `driftline`, and the two libraries, which no other part of the project does:

    cargo xtask build && cargo build --package driftline-cli
    python3 -m venv VENV && VENV/bin/pip install evidently==0.7.23 nannyml==0.13.1 pandas==2.3.3
    VENV/bin/python tests/data/weather/compare.py

The reference is rows 0 to 2,999, on which the model of train.py was trained. All three use their default settings.
Driftline gets the rows as traffic, 100 a minute in virtual time, with a window that holds one block, and labels half a
minute later. It prints the tables of docs/comparison.md.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
# Neither library is to send usage statistics.
os.environ["DO_NOT_TRACK"] = "1"
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import evidently  # noqa: E402
import nannyml  # noqa: E402
import pandas  # noqa: E402
from evidently.presets import DataDriftPreset  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[2]
DRIFTLINE = ROOT / "target" / "debug" / "driftline"
FILTER = ROOT / "target" / "driftline.wasm"
STATS = ROOT / "envoy" / "stats.yaml"

REFERENCE_ROWS = 3_000
CHANGE = 12_000
BLOCK_ROWS = 1_500
# NannyML learns its thresholds from chunks of the reference, ten by default.
CHUNK_ROWS = REFERENCE_ROWS // 10
BATCH_ROWS = 100
# As long as a batch takes, a block fills one window.
BATCH_SECONDS = 60
WINDOW_SECONDS = BATCH_SECONDS * BLOCK_ROWS // BATCH_ROWS


def table():
    """All rows: eight features, the label `rain`, and what the model said: `score` and `prediction`."""
    rows = pandas.read_csv(FOLDER / "rainfall_data.csv", index_col=0)
    scores = pandas.read_csv(FOLDER / "scores.csv", index_col="row")
    assert (scores["label"] == rows["rain"]).all()
    return rows.assign(score=scores["score"], prediction=scores["prediction"])


def blocks(rows):
    """First row, and the row after the last, of each whole block after the reference."""
    ends = range(REFERENCE_ROWS + BLOCK_ROWS, len(rows) + 1, BLOCK_ROWS)
    return [(end - BLOCK_ROWS, end) for end in ends]


def by_evidently(rows, features):
    """Which features each block has drifted by, by the test that it chooses."""
    found, methods = {}, set()
    for begin, end in blocks(rows):
        report = evidently.Report([DataDriftPreset(columns=features)])
        snapshot = report.run(rows[features][begin:end], rows[features][:REFERENCE_ROWS])
        for metric in json.loads(snapshot.json())["metrics"]:
            config = metric["config"]
            if "ValueDrift" not in config["type"]:
                continue
            methods.add(f"{config['method']}, threshold {config['threshold']}")
            # Distances are above the threshold where there is drift, p-values below it.
            is_distance = "distance" in config["method"].lower()
            has_drifted = (metric["value"] >= config["threshold"]) == is_distance
            found.setdefault(config["column"], []).append(has_drifted)
    print(f"evidently's tests: {'; '.join(sorted(methods))}", file=sys.stderr)
    return found


def by_nannyml(rows, features):
    """Which features each chunk has drifted by, by the default method for numbers."""
    reference, analysis = rows[:REFERENCE_ROWS], rows[REFERENCE_ROWS:blocks(rows)[-1][1]]
    calculator = nannyml.UnivariateDriftCalculator(column_names=features, chunk_size=CHUNK_ROWS)
    results = calculator.fit(reference).calculate(analysis).filter(period="analysis").to_df()
    return {feature: list(results[(feature, "jensen_shannon", "alert")]) for feature in features}


def accuracy_by_nannyml(rows):
    """CBPE's estimate for each block, the mean of its chunks, and how many of these alert."""
    estimator = nannyml.CBPE(
        problem_type="classification_binary", y_pred_proba="score", y_pred="prediction", y_true="rain",
        metrics=["accuracy"], chunk_size=CHUNK_ROWS)
    analysis = rows[REFERENCE_ROWS:blocks(rows)[-1][1]].drop(columns="rain")
    results = estimator.fit(rows[:REFERENCE_ROWS]).estimate(analysis).filter(period="analysis").to_df()
    chunks = BLOCK_ROWS // CHUNK_ROWS
    by_block = results["accuracy"].groupby(results.reset_index().index // chunks)
    return list(by_block["value"].mean()), list(by_block["alert"].sum())


def exchange(start, path, headers, body, answer=None):
    """An exchange as `driftline replay` reads it; without an answer, the filter answers by itself."""
    def data(what, text):
        return {"what": what, "at_us": 0, "size": len(text), "body": {"text": text}}

    steps = [data("request_data", body), {"what": "request_end", "at_us": 0}]
    json_type = [["content-type", "application/json"]]
    if answer is not None:
        steps.append({"what": "response", "at_us": 1000, "status": 200, "headers": json_type})
        steps.append({**data("response_data", answer), "at_us": 1000})
        steps.append({"what": "response_end", "at_us": 1000})
    return {"start_us": int(start * 1e6), "method": "POST", "path": path, "headers": json_type + headers, "steps": steps}


def traffic(rows, features):
    """Predictions of all rows after the reference, each batch followed by its labels."""
    for number, begin in enumerate(range(REFERENCE_ROWS, blocks(rows)[-1][1], BATCH_ROWS)):
        batch, name, start = rows[begin:begin + BATCH_ROWS], f"batch-{number}", number * BATCH_SECONDS
        ask = json.dumps({"instances": batch[features].values.tolist()})
        answer = json.dumps({"predictions": batch["score"].tolist()})
        yield exchange(start, "/v1/models/rain:predict", [["x-request-id", name]], ask, answer)
        labels = [{"id": name, "row": row, "label": int(label)} for row, label in enumerate(batch["rain"])]
        yield exchange(start + BATCH_SECONDS / 2, "/driftline/v1/feedback", [], json.dumps(labels))


def run(*arguments):
    ended = subprocess.run([DRIFTLINE, *arguments], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def sample(page, name, **labels):
    """The value of the one series of this name that has at least these labels."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    found = [line for line in page.splitlines()
             if line.startswith(f"driftline_{name}{{") and all(pair in line for pair in wanted)]
    assert len(found) == 1, (name, labels, found)
    return float(found[0].rsplit(" ", 1)[1])


def by_driftline(rows, features, folder):
    """What its gauges say at the end of each block."""
    data, profile = folder / "training.csv", folder / "profile.json"
    rows[features + ["rain", "score"]].to_csv(data, index=False)
    run("profile", data, "--model", "rain", "--label", "rain", "--score", "score", "--rows",
        f"1..{REFERENCE_ROWS}", "-o", profile)
    config = {"models": [{"name": "rain", "profile": json.loads(profile.read_text())}],
              "window_seconds": WINDOW_SECONDS, "feedback": {}}
    (folder / "config.json").write_text(json.dumps(config))
    exchanges = [json.dumps(each) for each in traffic(rows, features)]
    drifted, accuracy = {feature: [] for feature in features}, []
    for _, end in blocks(rows):
        count = 2 * (end - REFERENCE_ROWS) // BATCH_ROWS
        (folder / "trace.jsonl").write_text("\n".join(exchanges[:count]) + "\n")
        page = run("replay", folder / "trace.jsonl", "--filter", FILTER, "--config", folder / "config.json",
                   "--stats-config", STATS)
        for feature in features:
            verdict = sample(page, "feature_verdict", feature=feature, window="fast", verdict="drift")
            drifted[feature].append(verdict == 1)
        estimated = sample(page, "estimated_quality_ppm", window="fast", measure="accuracy", rows="predictions")
        realised = sample(page, "quality_ppm", window="fast", measure="accuracy")
        verdicts = [word for word in ("ok", "drift", "insufficient")
                    if sample(page, "quality_verdict", window="fast", verdict=word)]
        accuracy.append((estimated / 1e6, realised / 1e6, " ".join(verdicts)))
    return drifted, accuracy


def timed(what, *arguments):
    started = time.monotonic()
    result = what(*arguments)
    print(f"{what.__name__}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    return result


def main():
    rows = table()
    features = [name for name in rows.columns if name not in ("rain", "score", "prediction")]
    names = ["evidently", "NannyML", "Driftline"]
    with tempfile.TemporaryDirectory() as folder:
        ours, accuracy = timed(by_driftline, rows, features, pathlib.Path(folder))
    drifted = [timed(by_evidently, rows, features), timed(by_nannyml, rows, features), ours]
    estimates, alerts = timed(accuracy_by_nannyml, rows)
    print(f"evidently {evidently.__version__}, NannyML {nannyml.__version__}, pandas {pandas.__version__}.")
    print(f"Called drifted, before and after row {CHANGE:,}; of blocks of {BLOCK_ROWS:,} rows, "
          f"for NannyML of chunks of {CHUNK_ROWS}:\n")
    print("| feature | " + " | ".join(f"{name}, before | after" for name in names) + " |")
    print("| --- |" + " ---: | ---: |" * len(names))
    for feature in features:
        cells = []
        for each in drifted:
            called = each[feature]
            change = len(called) * (CHANGE - REFERENCE_ROWS) // (blocks(rows)[-1][1] - REFERENCE_ROWS)
            cells += [f"{sum(part)} of {len(part)}" for part in (called[:change], called[change:])]
        print(f"| {feature} | " + " | ".join(cells) + " |")

    print("\nAccuracy by block:\n")
    print("| rows | CBPE, no labels | its alerts | Driftline, no labels | Driftline, with labels | its verdict "
          "| scikit-learn, with labels |")
    print("| --- | ---: | ---: | ---: | ---: | --- | ---: |")
    for (begin, end), estimate, alert, (expected, seen, verdict) in zip(
            blocks(rows), estimates, alerts, accuracy, strict=True):
        realised = (rows["prediction"] == rows["rain"])[begin:end].mean()
        print(f"| {begin:,} to {end - 1:,} | {estimate:.3f} | {alert} of {BLOCK_ROWS // CHUNK_ROWS} | {expected:.3f} "
              f"| {seen:.3f} | {verdict} | {realised:.3f} |")


if __name__ == "__main__":
    main()
