extension RequestShape {
    /// Words of TrainingJobStatus.
    public static let trainingJobStatuses = [
        "InProgress", "Completed", "Failed", "Stopping", "Stopped", "Deleting",
    ]

    private static let token = string(TextLimits(0, 8192))

    /// ListTrainingJobs.
    public static let listTrainingJobs = structure([
        RequestMember("NextToken", token),
        RequestMember("MaxResults", .integer(from: 1, to: 100)),
        RequestMember("CreationTimeAfter", .timestamp),
        RequestMember("CreationTimeBefore", .timestamp),
        RequestMember("LastModifiedTimeAfter", .timestamp),
        RequestMember("LastModifiedTimeBefore", .timestamp),
        RequestMember("NameContains", .string(TextLimits(0, 63, pattern: #"[a-zA-Z0-9\-]+"#))),
        RequestMember("StatusEquals", .choice(trainingJobStatuses)),
        RequestMember("SortBy", .choice(["Name", "CreationTime", "Status"])),
        RequestMember("SortOrder", .choice(["Ascending", "Descending"])),
        RequestMember(
            "WarmPoolStatusEquals", .choice(["Available", "Terminated", "Reused", "InUse"])),
        RequestMember("TrainingPlanArnEquals", .string(TextLimits(50, 2048))),
    ])

    private static let worker = RequestMember(
        "WorkerName", .string(TextLimits(1, 63, pattern: "[A-Za-z0-9][A-Za-z0-9._-]*")), isRequired: true)

    /// Lockstep.ResumeWorker, Lockstep.ForgetWorker.
    public static let workerName = structure([worker])

    /// Lockstep.CollectGarbage.
    public static let collectGarbage = structure([
        RequestMember("KeepDays", .integer(from: 0, to: 36_500)),
        RequestMember("KeepJobs", .integer(from: 0, to: 1_000_000_000)),
        RequestMember("DryRun", .boolean),
    ])

    /// Lockstep.DrainWorker.
    public static let drainWorker = structure([
        worker, RequestMember("Reason", .string(TextLimits(0, 256))),
        RequestMember("DeadlineInSeconds", .integer(from: 1, to: 86_400)),
    ])

    /// ListTags.
    public static let listTags = structure([
        RequestMember(
            "ResourceArn",
            .string(
                TextLimits(
                    0, 256, pattern: "arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+")),
            isRequired: true),
        RequestMember("NextToken", token),
        RequestMember("MaxResults", .integer(from: 50, to: nil)),
    ])

    private static let logGroup = TextLimits(1, 512, pattern: #"[\.\-_/#A-Za-z0-9]+"#)
    private static let logStream = TextLimits(1, 512, pattern: "[^:*]*")
    private static let milliseconds = integer(from: 0, to: nil)

    /// DescribeLogStreams of CloudWatch Logs, whose members begin in lower case.
    public static let describeLogStreams = structure([
        RequestMember("logGroupName", .string(logGroup)),
        RequestMember("logGroupIdentifier", .text),
        RequestMember("logStreamNamePrefix", .string(logStream)),
        RequestMember("orderBy", .choice(["LogStreamName", "LastEventTime"])),
        RequestMember("descending", .boolean),
        RequestMember("nextToken", .string(TextLimits(1))),
        RequestMember("limit", .integer(from: 1, to: 50)),
    ])

    /// GetLogEvents of CloudWatch Logs.
    public static let getLogEvents = structure([
        RequestMember("logGroupName", .string(logGroup)),
        RequestMember("logGroupIdentifier", .text),
        RequestMember("logStreamName", .string(logStream), isRequired: true),
        RequestMember("startTime", milliseconds),
        RequestMember("endTime", milliseconds),
        RequestMember("nextToken", .string(TextLimits(1))),
        RequestMember("limit", .integer(from: 1, to: 10_000)),
        RequestMember("startFromHead", .boolean),
        RequestMember("unmask", .boolean),
    ])

    /// FilterLogEvents of CloudWatch Logs.
    public static let filterLogEvents = structure([
        RequestMember("logGroupName", .string(logGroup)),
        RequestMember("logGroupIdentifier", .text),
        RequestMember("logStreamNames", .list(.string(logStream), count: 1...100)),
        RequestMember("logStreamNamePrefix", .string(logStream)),
        RequestMember("startTime", milliseconds),
        RequestMember("endTime", milliseconds),
        RequestMember("filterPattern", .string(TextLimits(0, 1024))),
        RequestMember("nextToken", .string(TextLimits(1))),
        RequestMember("limit", .integer(from: 1, to: 10_000)),
        RequestMember("interleaved", .boolean),
        RequestMember("unmask", .boolean),
    ])

    /// Lockstep.DescribeAlgorithm.
    public static let algorithmName = structure([
        RequestMember("AlgorithmName", .string(TextLimits(1, 170)), isRequired: true)
    ])

    /// An operation without members.
    public static let nothing = structure([])
}
