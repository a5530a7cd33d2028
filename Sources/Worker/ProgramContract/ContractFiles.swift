public import JSON
import JobSpecs

/// What SageMaker's configuration files below `/opt/ml/input/config` say on a host.
public enum ContractFiles {
    /// Name that SageMaker gives to the one group of a cluster whose hosts are alike.
    public static let groupName = "homogeneousCluster"

    /// `hyperparameters.json`: every value is text, word for word.
    public static func hyperparameters(_ plan: ProgramPlan) -> JSONValue {
        .object(plan.job.hyperparameters.mapValues { .string($0) })
    }

    /// `inputdataconfig.json`. FastFile is written as File, as SageMaker does.
    public static func inputDataConfig(_ plan: ProgramPlan) -> JSONValue {
        var channels: [String: JSONValue] = [:]
        for channel in plan.job.channels {
            let mode = channel.inputMode == .fastFile ? .file : channel.inputMode
            var members: [String: JSONValue] = [
                "TrainingInputMode": .string(mode.rawValue),
                "S3DistributionType": .string(channel.distribution.rawValue),
                "RecordWrapperType": .string(channel.recordWrapper.rawValue),
            ]
            if let contentType = channel.contentType { members["ContentType"] = .string(contentType) }
            channels[channel.name] = .object(members)
        }
        return .object(channels)
    }

    /// `resourceconfig.json` of the host of that rank.
    public static func resourceConfig(_ plan: ProgramPlan, rank: Int) -> JSONValue {
        let hosts = JSONValue.array(plan.hosts.map { .string($0.name) })
        let type = JSONValue.string(plan.job.resources.instanceType ?? "local")
        return .object([
            "current_host": .string(plan.hosts[rank].name),
            "current_instance_type": type,
            "current_group_name": .string(groupName),
            "hosts": hosts,
            "instance_groups": .array([
                .object([
                    "instance_group_name": .string(groupName), "instance_type": type, "hosts": hosts,
                ])
            ]),
            "network_interface_name": .string("eth0"),
        ])
    }
}
