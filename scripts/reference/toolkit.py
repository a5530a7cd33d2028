"""Records what the real sagemaker-training toolkit gives a script: its command line and its variables.

    python3 -m venv /tmp/toolkit && /tmp/toolkit/bin/pip install sagemaker-training==5.1.4
    /tmp/toolkit/bin/python scripts/reference/toolkit.py Tests/ProgramTests/Golden

One file a case: the hyperparameters, channels and hosts that went in, and what a script that the toolkit
started saw (`argv`, `environment`). The folder that stands for /opt/ml is written as /opt/ml; the number of
cores, which is the machine's, is left out. ScriptLauncherTests compares the light launcher with these files.
The toolkit starts MPI programs through sshd, so for `mpi` its variables are asked from its own class.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

WITNESS = """import json, os, sys
with open(os.environ["WITNESS"], "w") as file:
    json.dump({"argv": sys.orig_argv, "environment": dict(os.environ)}, file)
"""
SHELL_WITNESS = """#!/bin/sh
exec "$WITNESS_PYTHON" -c 'import json, os, sys
with open(os.environ["WITNESS"], "w") as file:
    json.dump({"argv": sys.argv[1:], "environment": dict(os.environ)}, file)' "$@"
"""
ASK = """import json, sys
from sagemaker_training import environment
env = environment.Environment()
json.dump({"argv": env.to_cmd_args(), "environment": env.to_env_vars()}, open(sys.argv[1], "w"))
"""

CASES = {
    "plain": {
        "hyperparameters": {
            "sagemaker_program": "train.py", "sagemaker_job_name": "\"digits\"", "sagemaker_region": "local-1",
            "epochs": "3", "flag": "true", "lr": "0.1", "name": "abc", "quoted": "\"a b\"", "n": "7",
            "learning-rate": "1e-5", "tiny": "1.5E-7", "large": "1e16", "larger": "123456789012345678901234567890",
            "real": "3.0", "minus": "-0.0", "hundred": "1e2", "nothing": "null", "empty": "",
            "list": "[1, \"a'b\", null, true, 2.50, \"it's \\\"so\\\"\"]",
            "object": "{\"b\": 1, \"a\": [1, 2], \"c\": {\"z\": false}}", "broken": "{\"b\": 1",
            "text": "gr\u00fc\u00df dich \U0001f600", "escaped": "\"\\u00fc\\ud83d\\ude00\\n\\t\"",
            "infinite": "Infinity", "nan": "NaN", "spaced": "  4  ", "zero": "007", "True": "True",
        },
        "channels": ["validation", "train"], "hosts": 1, "program": "train.py",
    },
    "hosts": {
        "hyperparameters": {
            "sagemaker_program": "\"sub/main.py\"", "sagemaker_container_log_level": "10",
            "sagemaker_custom": "\"x\"",
        },
        "channels": [], "hosts": 3, "current": 2, "program": "sub/main.py",
    },
    "shell": {
        "hyperparameters": {"sagemaker_program": "run.sh", "text": "it's \"so\" $HOME;", "epochs": "3"},
        "channels": ["train"], "hosts": 1, "program": "run.sh",
    },
    "mpi": {
        "hyperparameters": {
            "sagemaker_program": "train.py", "sagemaker_mpi_enabled": "true",
            "sagemaker_mpi_num_of_processes_per_host": "2", "sagemaker_mpi_custom_mpi_options": "\"-x A\"",
            "epochs": "3",
        },
        "channels": ["train"], "hosts": 2, "program": "train.py", "ask": True,
    },
}


def record(name, case, folder):
    base = os.path.join(folder, "ml")
    code = os.path.join(folder, "source")
    for part in ("input/config", "input/data", "model", "output/data"):
        os.makedirs(os.path.join(base, part))
    program = os.path.join(code, case["program"])
    os.makedirs(os.path.dirname(program))
    with open(program, "w") as file:
        file.write(SHELL_WITNESS if program.endswith(".sh") else WITNESS)
    hosts = ["algo-%d" % number for number in range(1, case["hosts"] + 1)]
    current = hosts[case.get("current", 1) - 1]
    group = {"instance_group_name": "homogeneousCluster", "instance_type": "local", "hosts": hosts}
    channel = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
    config = {
        "hyperparameters": dict(case["hyperparameters"], sagemaker_submit_directory=code),
        "inputdataconfig": {channel_name: channel for channel_name in case["channels"]},
        "resourceconfig": {
            "current_host": current, "current_instance_type": "local",
            "current_group_name": "homogeneousCluster", "hosts": hosts, "instance_groups": [group],
            "network_interface_name": "eth0",
        },
    }
    for file_name, content in config.items():
        with open(os.path.join(base, "input/config", file_name + ".json"), "w") as file:
            json.dump(content, file)
    witness = os.path.join(folder, "witness.json")
    environment = {
        "PATH": os.environ["PATH"], "HOME": folder, "SAGEMAKER_BASE_DIR": base, "WITNESS": witness,
        "WITNESS_PYTHON": sys.executable, "TRAINING_JOB_NAME": "digits", "AWS_REGION": "local-1",
        "AWS_DEFAULT_REGION": "local-1",
        # algo-N does not resolve here.
        "SM_STUDIO_LOCAL_MODE": "true",
    }
    command = [sys.executable, "-m", "sagemaker_training.cli.train"]
    if case.get("ask"):
        command = [sys.executable, "-c", ASK, witness]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with open(witness) as file:
        text = file.read().replace(base, "/opt/ml").replace(code, "/source").replace(sys.executable, "python3")
    seen = json.loads(text)
    kept = {
        key: value for key, value in seen["environment"].items()
        if key.startswith("SM_") and key not in ("SM_STUDIO_LOCAL_MODE", "SM_NUM_CPUS")
        or key in ("CURRENT_HOST", "SAGEMAKER_JOB_NAME", "SAGEMAKER_REGION")
    }
    training = json.loads(kept["SM_TRAINING_ENV"])
    training.pop("num_cpus")
    kept["SM_TRAINING_ENV"] = json.dumps(training, sort_keys=True, separators=(",", ":"))
    return {
        "hyperparameters": dict(case["hyperparameters"], sagemaker_submit_directory="/source"),
        "channels": case["channels"], "hosts": case["hosts"], "current": case.get("current", 1),
        "program": case["program"], "argv": seen["argv"], "environment": kept,
    }


def main():
    target = sys.argv[1]
    for name, case in CASES.items():
        folder = tempfile.mkdtemp(prefix="toolkit-")
        try:
            result = record(name, case, folder)
        finally:
            shutil.rmtree(folder)
        with open(os.path.join(target, "toolkit-%s.json" % name), "w") as file:
            json.dump(result, file, indent=1, sort_keys=True)
            file.write("\n")
        print(name, len(result["environment"]), "variables")


if __name__ == "__main__":
    main()
