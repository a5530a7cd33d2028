import Foundation
import SageMakerShapes

/// What a disturbed job runs.
enum ChaosKind: String, CaseIterable {
    case linearLearner = "linear-learner"
    case kmeans
    /// A Python script that commits every step.
    case script
    /// The same on the ranks of an MPI world.
    case mpi

    /// Whether its hosts run under a runner.
    var isScript: Bool { self == .script || self == .mpi }

    static let scriptSteps = 400
    static let scriptHosts = 2
    static let scriptName = "chaos_steps.py"
    /// Before the number of a step in the log of a host that has committed it.
    static let committedWord = "chaos-committed "
    /// What each host does: a chain of digests, so that the model tells of every step.
    static let scriptText = """
        import argparse, hashlib, os, time
        import lockstep

        parser = argparse.ArgumentParser()
        parser.add_argument("--steps", type=int)
        parser.add_argument("--delay", type=float)
        parser.add_argument("--mark")
        arguments = parser.parse_args()
        seed = os.environ["SM_CURRENT_HOST"].encode()
        state = lockstep.resume() or {"step": 0, "digest": b""}
        lockstep.report({"chaos:resumed": state["step"]}, step=state["step"])
        while state["step"] < arguments.steps and not lockstep.should_stop():
            state["step"] += 1
            state["digest"] = hashlib.sha256(seed + state["digest"] + b"%d" % state["step"]).digest()
            lockstep.commit(state, step=state["step"])
            os.write(1, b"chaos-committed %d\\n" % state["step"])
            time.sleep(arguments.delay)
        if state["step"] == arguments.steps:
            name = "digest-%s.txt" % os.environ["SM_CURRENT_HOST"]
            with open(os.path.join(os.environ["SM_MODEL_DIR"], name), "w") as file:
                file.write(state["digest"].hex())

        """
}
