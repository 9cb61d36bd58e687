"""In which bin of a profile a value lies, written from docs/profile.md alone. It shares no code with the filter."""

import bisect
import collections
import struct


def single(value):
    """The number in single precision."""
    return struct.unpack("f", struct.pack("f", value))[0]


def is_missing(value):
    """NaN is the one number that is not itself."""
    return value is None or value != value


class Column:
    """The bins of a column, how many values fell into each, and how many the schema does not allow."""

    def __init__(self, column):
        self.bins, self.schema = column["bins"], column["schema"]
        self.counts = collections.Counter()
        self.breaches = 0

    def count(self, value):
        self.counts[self.bin(value)] += 1
        self.breaches += self.is_outside(value)

    def is_outside(self, value):
        """A model that is given rows in single precision may answer a little more than it ever did in training."""
        low, high = self.schema.get("minimum"), self.schema.get("maximum")
        if is_missing(value) or low is None or high is None or low <= value <= high:
            return False
        return not any(value == single(bound) or bound == single(value) for bound in (low, high))

    def bin(self, value):
        """The label of the bin, as the metrics have it."""
        if is_missing(value):
            return "null"
        kind = self.bins["kind"]
        if kind == "quantile":
            return f"{bisect.bisect_left(self.bins['edges'], value):02}"
        if kind == "categories":
            return value if value in self.bins["categories"] else "other"
        values = self.bins["values"]
        for number, known in enumerate(values):
            if value in (known, single(known)):
                return f"{number:02}"
        return "below" if value < values[0] else "above" if values[-1] < value else "other"


class Counts:
    """What a client has sent and got."""

    def __init__(self, profile):
        self.names = [feature["name"] for feature in profile["features"]]
        self.features = [Column(feature) for feature in profile["features"]]
        self.prediction = Column(profile["prediction"])
        self.requests = self.rows = self.predictions = 0

    def request(self, rows, answers):
        self.requests += 1
        for row in rows:
            self.rows += 1
            for column, value in zip(self.features, row, strict=True):
                column.count(value)
        for answer in answers:
            self.predictions += 1
            self.prediction.count(prediction_of(answer))

    def document(self):
        columns = dict(zip(self.names, self.features, strict=True))
        return {
            "breaches": self.prediction.breaches + sum(column.breaches for column in self.features),
            "requests": self.requests,
            "rows": self.rows,
            "predictions": self.predictions,
            "features": {name: dict(column.counts) for name, column in columns.items()},
            "prediction": dict(self.prediction.counts),
        }


def prediction_of(answer):
    """The one value of an answered row; of several, which are shares of the classes 0, 1 and so on, the class."""
    values = list(answer.values()) if isinstance(answer, dict) else answer if isinstance(answer, list) else [answer]
    return values[0] if len(values) == 1 else values.index(max(values))
