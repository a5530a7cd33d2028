"""Drives a cluster with boto3 as a user would. Usage: drive_boto3.py ENDPOINT JOB.json JOB_TO_STOP.json"""
import json
import sys
import time

import boto3
from botocore.exceptions import ClientError

endpoint, job_file, slow_file = sys.argv[1:]
sagemaker = boto3.client("sagemaker", endpoint_url=endpoint)
logs = boto3.client("logs", endpoint_url=endpoint)
job = json.load(open(job_file))
slow = json.load(open(slow_file))
name = job["TrainingJobName"]

arn = sagemaker.create_training_job(**job)["TrainingJobArn"]
assert arn == f"arn:aws:sagemaker:eu-west-1:000000000000:training-job/{name}", arn
waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 90})
described = sagemaker.describe_training_job(TrainingJobName=name)
assert described["TrainingJobStatus"] == "Completed", described
assert described["ModelArtifacts"]["S3ModelArtifacts"].endswith(f"/{name}/output/model.tar.gz")
assert described["HyperParameters"] == job["HyperParameters"]
assert [t["Status"] for t in described["SecondaryStatusTransitions"]][-1] == "Completed"
assert any(m["MetricName"].startswith("train:") for m in described["FinalMetricDataList"]), described

streams = logs.describe_log_streams(
    logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/")["logStreams"]
assert len(streams) == 1, streams
arguments = dict(logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=streams[0]["logStreamName"],
                 startFromHead=True)
lines, token = [], None
while True:
    page = logs.get_log_events(**arguments, **({"nextToken": token} if token else {}))
    if not page["events"]:
        assert token is None or page["nextForwardToken"] == token
        break
    lines += [event["message"] for event in page["events"]]
    token = page["nextForwardToken"]
assert any("#quality_metric: host=algo-1" in line for line in lines), lines[:20]
assert sum("model-hash: " in line for line in lines) == 1, lines[-5:]

sagemaker.create_training_job(**slow)
deadline = time.time() + 40
while sagemaker.describe_training_job(TrainingJobName="to-stop")["SecondaryStatus"] != "Training":
    assert time.time() < deadline, sagemaker.describe_training_job(TrainingJobName="to-stop")
    time.sleep(0.1)
sagemaker.stop_training_job(TrainingJobName="to-stop")
waiter.wait(TrainingJobName="to-stop", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
assert sagemaker.describe_training_job(TrainingJobName="to-stop")["TrainingJobStatus"] == "Stopped"

pages = sagemaker.get_paginator("list_training_jobs").paginate(PaginationConfig={"PageSize": 1})
assert [s["TrainingJobName"] for p in pages for s in p["TrainingJobSummaries"]] == [name, "to-stop"]


def refused(call, code, text):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert text in error.response["Error"]["Message"], error
    else:
        raise AssertionError(f"not refused: {text}")


refused(lambda: sagemaker.describe_training_job(TrainingJobName="nobody"),
        "ValidationException", "Requested resource not found.")
refused(lambda: sagemaker.create_training_job(**{**job, "TrainingJobName": "bad_name"}),
        "ValidationException", "at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular")
refused(lambda: sagemaker.create_training_job(**{**job, "TrainingJobName": "bad-value",
                                                 "HyperParameters": {**job["HyperParameters"], "epochs": "0"}}),
        "ValidationException", "epochs")
print("boto3 drove it")
