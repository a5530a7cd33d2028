"""Writes the golden values of Tests/AlgorithmsTests/Golden from scikit-learn's own solutions.

    python3 -m venv venv && venv/bin/pip install scikit-learn numpy
    LOCKSTEP_DATA=path/to/data venv/bin/python scripts/reference/golden.py
"""

import json
import os

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_squared_error, roc_auc_score
from sklearn.preprocessing import StandardScaler

import prepare

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "AlgorithmsTests", "Golden")


def write(name, values):
    values = {"madeBy": f"scripts/reference/golden.py, scikit-learn {sklearn.__version__}", **values}
    with open(os.path.join(OUT, name + ".json"), "w") as file:
        json.dump(values, file, indent=2)
        file.write("\n")
    print(name, values)


def rmse(labels, scores):
    return float(np.sqrt(mean_squared_error(labels, scores)))


def california():
    x, y, test_x, test_y = prepare.california()
    scaler = StandardScaler().fit(x.astype(np.float64))
    a, b = scaler.transform(x), scaler.transform(test_x)
    plain = LinearRegression().fit(a, y)
    # Ours: mean of (score - label)^2 in units of the deviation, plus wd / 2 |w|^2, with twice this.
    wd = 0.1
    ridge = Ridge(alpha=wd * len(y), solver="cholesky").fit(a, y)
    write("california", {
        "train": prepare.fingerprint(x, y), "test": prepare.fingerprint(test_x, test_y),
        "trainRMSE": rmse(y, plain.predict(a)), "testRMSE": rmse(test_y, plain.predict(b)),
        "ridge": 2 * wd,
        "ridgeTrainRMSE": rmse(y, ridge.predict(a)), "ridgeTestRMSE": rmse(test_y, ridge.predict(b)),
    })


def adult():
    x, y, test_x, test_y = prepare.adult()
    scaler = StandardScaler().fit(x.astype(np.float64))
    a, b = scaler.transform(x), scaler.transform(test_x)
    values = {"train": prepare.fingerprint(x, y), "test": prepare.fingerprint(test_x, test_y)}
    for name, wd in (("", 0.0), ("ridge", 0.01)):
        c = np.inf if wd == 0 else 1 / (wd * len(y))
        model = LogisticRegression(C=c, max_iter=20000, tol=1e-7).fit(a, y)
        train, test = model.predict_proba(a)[:, 1], model.predict_proba(b)[:, 1]
        found = {
            "trainLogLoss": float(log_loss(y, train)), "testLogLoss": float(log_loss(test_y, test)),
            "testAUC": float(roc_auc_score(test_y, test)),
            "testAccuracy": float(np.mean((test >= 0.5) == (test_y == 1))),
        }
        if name:
            values[name] = wd
            found = {name + key[0].upper() + key[1:]: value for key, value in found.items()}
        values.update(found)
    write("adult", values)


def fashion():
    x, y, test_x, test_y = prepare.fashion()
    runs = [KMeans(10, n_init=1, random_state=seed).fit(x).inertia_ for seed in range(3)]
    write("fashion", {
        "train": prepare.fingerprint(x, y), "test": prepare.fingerprint(test_x, test_y),
        "clusters": 10, "inertiaOfThree": [float(run) for run in runs],
        "bestInertia": float(min(runs)), "leastTestAccuracy": 0.84,
    })


if __name__ == "__main__":
    california()
    adult()
    fashion()
