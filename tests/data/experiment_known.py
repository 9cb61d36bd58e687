#!/usr/bin/env python3
"""Computes what tests/stories/fleet/experiment.rs expects, with statsmodels and numpy alone.

Run it from the root of the project: python3 tests/data/experiment_known.py
It prints rows of the story's tables: the difference, its standard error, and the lower and upper end of its interval.
Two pods have 60 minutes, but the one that restarts loses what came with the restart, so each row below counts 119 times.
"""

import numpy
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

MINUTES = 119


def shares(name, baseline, candidate):
    """Each side is how many of how many a minute."""
    (x1, n1), (x2, n2) = ([MINUTES * count for count in side] for side in (candidate, baseline))
    lower, upper = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff")
    p1, p2 = x1 / n1, x2 / n2
    error = numpy.sqrt(p1 * (1 - p1) / (n1 - 1) + p2 * (1 - p2) / (n2 - 1))
    print(name, [p1 - p2, float(error), float(lower), float(upper)])


def means(name, baseline, candidate):
    """Each side is the values of a minute."""
    one, two = (DescrStatsW(numpy.tile(side, MINUTES)) for side in (candidate, baseline))
    compared = CompareMeans(one, two)
    lower, upper = compared.zconfint_diff(usevar="unequal")
    error = compared.std_meandiff_separatevar
    print(name, [float(one.mean - two.mean), float(error), float(lower), float(upper)])


def predictions(name, baseline, candidate):
    """Each side is the predictions of a minute by bin. The total variation distance, and what chance keeps below."""
    one, two = MINUTES * numpy.array(candidate), MINUTES * numpy.array(baseline)
    distance = numpy.abs(one / one.sum() - two / two.sum()).sum() / 2
    pooled = (one + two) / (one.sum() + two.sum())
    noise = 1 / one.sum() + 1 / two.sum()
    spread = numpy.sqrt(pooled * (1 - pooled) * noise).sum()
    average = numpy.sqrt(2 / numpy.pi) / 2 * spread
    bounds = [1.959963985 / 2 * spread, average + 1.644853627 / 2 * numpy.sqrt(noise)]
    random = numpy.random.default_rng(1)
    drawn = [random.multinomial(side.sum(), pooled, size=20_000) / side.sum() for side in (one, two)]
    beyond = (numpy.abs(drawn[0] - drawn[1]).sum(axis=1) / 2 > min(bounds)).mean()
    assert beyond <= 0.052, beyond
    print(name, [float(distance), float(min(bounds))], f"chance goes beyond it in {beyond:.2%}")


shares("accuracy", (9, 10), (3, 5))
means("mean_absolute_error", 2.0 * numpy.repeat([0.3, 0.7], 5), 2.5 * numpy.repeat([0.2, 0.8], 2))
means("latency", numpy.repeat([0.009, 0.015], 5), numpy.repeat([0.015, 0.025], 2))
means("revenue", numpy.repeat([0.3, 0.5], 2), [0.2, 0.4])
shares("bought", (1, 4), (0, 4))
predictions("three bins", [6, 3, 1], [2, 2, 1])
predictions("two bins", [6, 4], [3, 2])
predictions("twenty bins", [1] * 20, [1] * 20)
