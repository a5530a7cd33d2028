// The files of proto/aws as bytes of the program: read where a model is asked for, never copied.
#include "CServiceModels.h"

#include <string.h>

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char application_autoscaling[] = {
#embed "../../../proto/aws/application-autoscaling.json"
};
static const unsigned char ecr[] = {
#embed "../../../proto/aws/ecr.json"
};
static const unsigned char events[] = {
#embed "../../../proto/aws/events.json"
};
static const unsigned char iam[] = {
#embed "../../../proto/aws/iam.json"
};
static const unsigned char lockstep[] = {
#embed "../../../proto/aws/lockstep.json"
};
static const unsigned char logs[] = {
#embed "../../../proto/aws/logs.json"
};
static const unsigned char monitoring[] = {
#embed "../../../proto/aws/monitoring.json"
};
static const unsigned char overlay[] = {
#embed "../../../proto/aws/overlay.json"
};
static const unsigned char s3[] = {
#embed "../../../proto/aws/s3.json"
};
static const unsigned char sagemaker[] = {
#embed "../../../proto/aws/sagemaker.json"
};
static const unsigned char sagemaker_featurestore_runtime[] = {
#embed "../../../proto/aws/sagemaker-featurestore-runtime.json"
};
static const unsigned char sagemaker_metrics[] = {
#embed "../../../proto/aws/sagemaker-metrics.json"
};
static const unsigned char sagemaker_runtime[] = {
#embed "../../../proto/aws/sagemaker-runtime.json"
};
static const unsigned char sts[] = {
#embed "../../../proto/aws/sts.json"
};

static const struct cservicemodels_file files[] = {
    {"application-autoscaling", application_autoscaling, sizeof application_autoscaling},
    {"ecr", ecr, sizeof ecr},
    {"events", events, sizeof events},
    {"iam", iam, sizeof iam},
    {"lockstep", lockstep, sizeof lockstep},
    {"logs", logs, sizeof logs},
    {"monitoring", monitoring, sizeof monitoring},
    {"overlay", overlay, sizeof overlay},
    {"s3", s3, sizeof s3},
    {"sagemaker", sagemaker, sizeof sagemaker},
    {"sagemaker-featurestore-runtime", sagemaker_featurestore_runtime, sizeof sagemaker_featurestore_runtime},
    {"sagemaker-metrics", sagemaker_metrics, sizeof sagemaker_metrics},
    {"sagemaker-runtime", sagemaker_runtime, sizeof sagemaker_runtime},
    {"sts", sts, sizeof sts},
};

const struct cservicemodels_file *cservicemodels_find(const char *name) {
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strcmp(files[i].name, name) == 0) return &files[i];
    return NULL;
}
