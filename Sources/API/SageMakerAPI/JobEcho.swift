import AlgorithmSpecs
import FoundationEssentials
import JSON
import JobLifecycle
import JobSpecs
import SageMakerShapes

/// The members of a job's request as DescribeTrainingJob gives them back: as they came, unknown ones
/// included, with the defaults that clients read without asking.
struct JobEcho {
    private(set) var members: [String: JSONValue]

    init(_ record: JobRecord, accountID: String) throws {
        let request = try JSONValue(parsing: Data(record.requestJSON.utf8))
        members = request.object ?? [:]
        members["Tags"] = nil
        let flags = [
            "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining",
        ]
        for flag in flags where members[flag] == nil { members[flag] = .bool(false) }
        if members["RoleArn"] == nil {
            members["RoleArn"] = .string(TrainingDefaults.roleArn(account: accountID))
        }
        addDefaults(
            to: "ResourceConfig",
            [
                "InstanceType": .string(TrainingDefaults.instanceType),
                "InstanceCount": .integer(TrainingDefaults.instanceCount),
                "VolumeSizeInGB": .integer(TrainingDefaults.volumeSizeInGB),
            ])
        addDefaults(
            to: "StoppingCondition",
            ["MaxRuntimeInSeconds": .integer(JobSpec.Policy.usualRuntimeSeconds)])
        addDefaults(
            to: "OutputDataConfig", ["KmsKeyId": .string(""), "CompressionType": .string("GZIP")])
        addDefaults(to: "AlgorithmSpecification", Self.algorithmDefaults(request))
        if let channels = request["InputDataConfig"]?.array {
            members["InputDataConfig"] = .array(channels.map(Self.withChannelDefaults))
        }
    }

    private mutating func addDefaults(to member: String, _ defaults: [String: JSONValue]) {
        members[member] = Self.adding(defaults, to: members[member])
    }

    private static func adding(_ defaults: [String: JSONValue], to value: JSONValue?) -> JSONValue {
        .object(defaults.merging(value?.object ?? [:]) { given, own in own == .null ? given : own })
    }

    /// Input mode, and the metrics that the algorithm is known to print.
    private static func algorithmDefaults(_ request: JSONValue) -> [String: JSONValue] {
        var defaults: [String: JSONValue] = [
            "TrainingInputMode": .string(TrainingDefaults.inputMode),
            "EnableSageMakerMetricsTimeSeries": .bool(false),
        ]
        let given = request["AlgorithmSpecification"]
        let name = (given?["AlgorithmName"] ?? given?["TrainingImage"])?.string ?? ""
        let builtIn = ImageName.repository(in: name)
        if let spec = AlgorithmSpec.builtIns.first(where: { $0.name == builtIn }) {
            defaults["MetricDefinitions"] = .array(
                spec.metrics.map {
                    .object(["Name": .string($0.name), "Regex": .string($0.pattern)])
                })
        }
        return defaults
    }

    private static func withChannelDefaults(_ channel: JSONValue) -> JSONValue {
        adding(["CompressionType": .string("None"), "RecordWrapperType": .string("None")], to: channel)
    }
}
