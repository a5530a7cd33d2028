"""Runs the job of a file with boto3, as docs/user-programs.md shows: run_job.py ENDPOINT JOB.yaml NAME COUNT KEY=VALUE…

Prints the job's last status. Relative paths in the file start from its folder.
"""
import os
import sys
import time

import boto3
import yaml

endpoint, path, name, count = sys.argv[1:5]
with open(path) as file:
    request = yaml.safe_load(file)


def absolute(text):
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(path)), text))


request["TrainingJobName"] = name
request["RoleArn"] = "arn:aws:iam::000000000000:role/any"
request["ResourceConfig"]["InstanceCount"] = int(count)
parameters = request.setdefault("HyperParameters", {})
parameters.update(word.split("=", 1) for word in sys.argv[5:])
for member in ("HyperParameters", "Environment"):
    if member in request:
        request[member] = {key: str(value) for key, value in request[member].items()}
if "sagemaker_submit_directory" in parameters:
    request["HyperParameters"]["sagemaker_submit_directory"] = absolute(parameters["sagemaker_submit_directory"])
specification = request["AlgorithmSpecification"]
specification.setdefault("TrainingInputMode", "File")
if "ContainerEntrypoint" in specification:
    words = specification["ContainerEntrypoint"]
    specification["ContainerEntrypoint"] = [absolute(word) if word.startswith(".") else word for word in words]
request.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": 600})
request["OutputDataConfig"]["S3OutputPath"] = "file://" + absolute(request["OutputDataConfig"]["S3OutputPath"])
for channel in request["InputDataConfig"]:
    source = channel["DataSource"]["S3DataSource"]
    source["S3Uri"] = "file://" + absolute(source["S3Uri"])
client = boto3.client("sagemaker", endpoint_url=endpoint)
client.create_training_job(**request)
while True:
    job = client.describe_training_job(TrainingJobName=name)
    if job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped"):
        break
    time.sleep(0.1)
print(job["TrainingJobStatus"], job.get("FailureReason", ""))
sys.exit(0 if job["TrainingJobStatus"] == "Completed" else 1)
