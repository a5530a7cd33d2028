"""Softmax regression with numpy, after SageMaker's script mode.

Runs by itself too:  SM_CHANNEL_TRAIN=../../digits SM_MODEL_DIR=/tmp python3 train.py --epochs 3
"""
import argparse
import glob
import os

import numpy as np

import lockstep


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--learning-rate", type=float, default=0.5)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
    return parser.parse_args()


def load(folder):
    """Pixels from 0 to 1 with a column of ones, and classes; the last 360 records are for validation."""
    path, = glob.glob(os.path.join(folder, "*.csv*"))
    table = np.loadtxt(path, delimiter=",")
    features = np.hstack([table[:, :-1] / 16, np.ones((len(table), 1))])
    labels = table[:, -1].astype(int)
    return (features[:-360], labels[:-360]), (features[-360:], labels[-360:])


def probabilities(weights, features):
    scores = features @ weights
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def train_epoch(state, features, labels, arguments, seed):
    # The order depends on the epoch alone, so that an epoch is the same after an interruption.
    order = np.random.default_rng([seed, state["epoch"]]).permutation(len(labels))
    loss = 0.0
    for start in range(0, len(order), arguments.batch_size):
        rows = order[start:start + arguments.batch_size]
        chances = probabilities(state["weights"], features[rows])
        loss -= np.log(chances[np.arange(len(rows)), labels[rows]]).sum()
        chances[np.arange(len(rows)), labels[rows]] -= 1
        state["weights"] -= arguments.learning_rate / len(rows) * (features[rows].T @ chances)
    return loss / len(order)


def main():
    arguments = parse()
    (features, labels), (test_features, test_labels) = load(arguments.train)
    # Hosts of script mode do not work together: each trains a model of its own.
    seed = arguments.seed + lockstep.rank()
    state = lockstep.resume() or {"epoch": 0, "weights": np.zeros((features.shape[1], 10))}
    if state["epoch"]:
        print("goes on after epoch", state["epoch"])
    while state["epoch"] < arguments.epochs and not lockstep.should_stop():
        loss = train_epoch(state, features, labels, arguments, seed)
        state["epoch"] += 1
        guesses = probabilities(state["weights"], test_features).argmax(axis=1)
        accuracy = (guesses == test_labels).mean()
        # MetricDefinitions of the job find their numbers in this line.
        print(f"epoch={state['epoch']} train_loss={loss:.6f} validation_accuracy={accuracy:.6f}")
        lockstep.commit(state, step=state["epoch"])
    host = os.environ.get("SM_CURRENT_HOST", "algo-1")
    np.savez(os.path.join(arguments.model_dir, f"weights-{host}.npz"), **state)


if __name__ == "__main__":
    main()
