"""Data-parallel softmax regression with numpy and mpi4py: each rank adds up the gradient of its rows.

Runs by itself too:  SM_CHANNEL_TRAIN=../../digits SM_MODEL_DIR=/tmp CHECKPOINTS=/tmp mpirun -n 2 python3 train.py
"""
import argparse
import glob
import os
import signal

import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD


def parse():
    base = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--learning-rate", type=float, default=0.5)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--checkpoints", default=os.environ.get("CHECKPOINTS", base + "/checkpoints"))
    return parser.parse_args()


def load(folder):
    path, = glob.glob(os.path.join(folder, "*.csv*"))
    table = np.loadtxt(path, delimiter=",")
    features = np.hstack([table[:, :-1] / 16, np.ones((len(table), 1))])
    labels = table[:, -1].astype(int)
    return (features[:-360], labels[:-360]), (features[-360:], labels[-360:])


def probabilities(weights, features):
    scores = features @ weights
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def train_epoch(epoch, weights, features, labels, arguments):
    order = np.random.default_rng([arguments.seed, epoch]).permutation(len(labels))
    losses = np.zeros(1)
    for start in range(0, len(order), arguments.batch_size):
        batch = order[start:start + arguments.batch_size]
        rows = batch[world.rank::world.size]
        chances = probabilities(weights, features[rows])
        losses -= np.log(chances[np.arange(len(rows)), labels[rows]]).sum()
        chances[np.arange(len(rows)), labels[rows]] -= 1
        gradient = features[rows].T @ chances
        world.Allreduce(MPI.IN_PLACE, gradient)
        weights -= arguments.learning_rate / len(batch) * gradient
    world.Allreduce(MPI.IN_PLACE, losses)
    return losses[0] / len(order)


def save(folder, epoch, weights):
    """Whole or not at all: written beside, then renamed."""
    path = os.path.join(folder, f"epoch-{epoch:05d}.npz")
    with open(path + ".writing", "wb") as file:
        np.savez(file, epoch=epoch, weights=weights)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + ".writing", path)
    for old in sorted(glob.glob(os.path.join(folder, "epoch-*.npz")))[:-2]:
        os.remove(old)


def restore(folder):
    """Epoch and weights of the newest checkpoint; None at a first start."""
    paths = sorted(glob.glob(os.path.join(folder, "epoch-*.npz")))
    if not paths:
        return None
    with np.load(paths[-1], allow_pickle=False) as file:
        return int(file["epoch"]), file["weights"]


def main():
    arguments = parse()
    stops = []
    signal.signal(signal.SIGTERM, lambda number, frame: stops.append(number))
    (features, labels), (test_features, test_labels) = load(arguments.train)
    # One rank reads, so that all have the same.
    restored = restore(arguments.checkpoints) if world.rank == 0 else None
    epoch, weights = world.bcast(restored) or (0, np.zeros((features.shape[1], 10)))
    if world.rank == 0:
        print(f"goes on after epoch {epoch}" if epoch else "starts", "on", world.size, "ranks")
    # Signals reach ranks at different times, so they agree on what to do.
    while epoch < arguments.epochs and not world.allreduce(len(stops), MPI.MAX):
        loss = train_epoch(epoch, weights, features, labels, arguments)
        epoch += 1
        if world.rank == 0:
            guesses = probabilities(weights, test_features).argmax(axis=1)
            accuracy = (guesses == test_labels).mean()
            print(f"epoch={epoch} train_loss={loss:.6f} validation_accuracy={accuracy:.6f}")
            save(arguments.checkpoints, epoch, weights)
    if world.rank == 0:
        np.savez(os.path.join(arguments.model_dir, "weights.npz"), epoch=epoch, weights=weights)


if __name__ == "__main__":
    main()
