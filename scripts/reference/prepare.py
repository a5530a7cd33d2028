"""Prepares the reference data sets as the tests do, rule for rule.

Every rule has its twin in Tests/AlgorithmsTests/ReferenceData.swift; the golden files carry the sums of
the prepared matrices, so that a difference between the two shows at once.
"""

import csv
import gzip
import os
import struct

import numpy as np

DATA = os.environ.get(
    "LOCKSTEP_DATA",
    os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "data"),
)


def path(*parts):
    return os.path.join(DATA, *parts)


def california():
    """8 numbers, 5 one-hot columns; gaps get the median of the training rows; every fifth row is test."""
    with gzip.open(path("california-housing", "housing.csv.gz"), "rt") as file:
        rows = list(csv.reader(file))
    header, rows = rows[0], rows[1:]
    proximity = header.index("ocean_proximity")
    target = header.index("median_house_value")
    numeric = [i for i in range(len(header)) if i not in (proximity, target)]
    values = np.array([[float(r[i]) if r[i] else np.nan for i in numeric] for r in rows])
    labels = np.array([float(r[target]) for r in rows])
    kinds = sorted({r[proximity] for r in rows})
    one_hot = np.array([[1.0 if r[proximity] == kind else 0.0 for kind in kinds] for r in rows])
    test = np.arange(len(rows)) % 5 == 4
    for column in range(values.shape[1]):
        known = values[~test, column]
        median = np.median(known[~np.isnan(known)])
        values[np.isnan(values[:, column]), column] = median
    features = np.hstack([values, one_hot]).astype(np.float32)
    labels = labels.astype(np.float32)
    return features[~test], labels[~test], features[test], labels[test]


def adult():
    """6 numbers, then one-hot columns of 8 categories in order of name, '?' being one of them."""
    def read(name):
        with gzip.open(path("adult", name), "rt") as file:
            return [[c.strip() for c in r] for r in csv.reader(file) if len(r) == 15]

    train, test = read("adult.data.gz"), read("adult.test.gz")
    numeric = [0, 2, 4, 10, 11, 12]
    categorical = [i for i in range(14) if i not in numeric]
    categories = {i: sorted({r[i] for r in train}) for i in categorical}

    def matrix(rows):
        columns = [[float(r[i]) for r in rows] for i in numeric]
        for i in categorical:
            for category in categories[i]:
                columns.append([1.0 if r[i] == category else 0.0 for r in rows])
        labels = [1.0 if r[14].startswith(">50K") else 0.0 for r in rows]
        return np.array(columns, dtype=np.float32).T.copy(), np.array(labels, dtype=np.float32)

    return (*matrix(train), *matrix(test))


def fashion():
    """Pixels as they are, 0 to 255."""
    def images(name):
        with gzip.open(path("fashion-mnist", name), "rb") as file:
            _, count, rows, columns = struct.unpack(">IIII", file.read(16))
            pixels = np.frombuffer(file.read(), dtype=np.uint8)
        return pixels.reshape(count, rows * columns).astype(np.float32)

    def labels(name):
        with gzip.open(path("fashion-mnist", name), "rb") as file:
            file.read(8)
            return np.frombuffer(file.read(), dtype=np.uint8).astype(np.float32)

    return (
        images("train-images-idx3-ubyte.gz"), labels("train-labels-idx1-ubyte.gz"),
        images("t10k-images-idx3-ubyte.gz"), labels("t10k-labels-idx1-ubyte.gz"),
    )


def fingerprint(features, labels):
    """What the tests compare first: shape and sums in double precision."""
    return {
        "rows": int(features.shape[0]),
        "columns": int(features.shape[1]),
        "featureSum": float(features.astype(np.float64).sum()),
        "labelSum": float(labels.astype(np.float64).sum()),
    }
