#!/usr/bin/env python3
"""Computes the PSI values that tests/stories/evaluation.rs and weather.rs expect, with numpy alone.

Run it from the root of the project: python3 tests/data/psi_known.py
It prints `name = value` lines; the stories hold the same numbers as constants.
Convention: half a count added to every bin on both sides, natural logarithm.
"""

import numpy

CSV = "tests/data/weather/rainfall_data.csv"
BINS = 20
REFERENCE = slice(0, 3000)
WINDOWS = {"rows 9,000 to 12,000": slice(9000, 12000), "rows 12,000 to 13,000": slice(12000, 13000)}
COLUMNS = {"temperature": 1, "dew point": 2, "sea-level pressure": 3}


def psi(reference, live):
    p = (numpy.asarray(reference) + 0.5) / (numpy.sum(reference) + 0.5 * len(reference))
    q = (numpy.asarray(live) + 0.5) / (numpy.sum(live) + 0.5 * len(live))
    return float(numpy.sum((q - p) * numpy.log(q / p)))


def counts(edges, values):
    return numpy.bincount(numpy.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)


def between(quantiles, reference):
    """An edge lies in the middle between a quantile and the next larger value. None of these is the largest one."""
    values = numpy.unique(reference)
    return (quantiles + values[numpy.searchsorted(values, quantiles, side="right")]) / 2


# The profile and the rows of tests/stories/evaluation.rs.
print("temperature =", repr(psi([20, 50, 30], [1, 2, 4])))
print("dew point =", repr(psi([50, 50], [4, 3])))
print("prediction =", repr(psi([60, 40, 0], [2, 4, 1])))

table = numpy.genfromtxt(CSV, delimiter=",", skip_header=1)
for window, rows in WINDOWS.items():
    for name, column in COLUMNS.items():
        reference = table[REFERENCE, column]
        shares = numpy.arange(1, BINS) / BINS
        edges = between(numpy.unique(numpy.quantile(reference, shares, method="inverted_cdf")), reference)
        value = psi(counts(edges, reference), counts(edges, table[rows, column]))
        print(f"{name}, {window} = {value!r}")
