import ClusterTypes
import Foundation
import JSON
import JobSpecs
import Storage

/// The variables that SageMaker's toolkit 5.1 sets for a script, and those that the SDK's version 3 adds.
struct ScriptVariables {
    private let plan: ProgramPlan
    private let rank: Int
    private let base: String
    private let cores: Int
    private let program: String
    private let hyperparameters: ScriptHyperparameters

    /// Hyperparameters of which one says that the hosts work together.
    private static let distributed = [
        "sagemaker_mpi_enabled", "sagemaker_parameter_server_enabled",
        "sagemaker_distributed_dataparallel_enabled", "sagemaker_pytorch_ddp_enabled",
        "sagemaker_pytorch_xla_multi_worker_enabled",
        "sagemaker_multi_worker_mirrored_strategy_enabled", "sagemaker_torch_distributed_enabled",
    ]

    init(
        _ plan: ProgramPlan, rank: Int, base: String, cores: Int, program: String,
        hyperparameters: ScriptHyperparameters
    ) {
        self.plan = plan
        self.rank = rank
        self.base = base
        self.cores = cores
        self.program = program
        self.hyperparameters = hyperparameters
    }

    var all: [String: String] {
        var variables = shared.merging(onlyVariables) { $1 }.mapValues(\.variable)
        for (name, path) in channels { variables["channel_\(name)"] = path }
        for (name, value) in hyperparameters.own { variables["hp_\(name)"] = value.variable }
        var out: [String: String] = [:]
        // The toolkit keeps a '-' of a name, the SDK's version 3 writes '_'.
        for (name, value) in variables { out["SM_" + name.uppercased().replacing("-", with: "_")] = value }
        for (name, value) in variables { out["SM_" + name.uppercased()] = value }
        out["SM_MASTER_ADDR"] = plan.masterAddress
        out["SM_MASTER_PORT"] = String(plan.masterPort)
        out["SM_HOST_COUNT"] = String(plan.hosts.count)
        out["SM_CURRENT_HOST_RANK"] = String(rank)
        out["CURRENT_HOST"] = plan.hosts[rank].name
        out["SAGEMAKER_JOB_NAME"] = hyperparameters.text("sagemaker_job_name") ?? ""
        let region = hyperparameters.text("sagemaker_region") ?? plan.job.environment["AWS_REGION"]
        // Without a region of its own the runner's AWS_REGION stands in the environment already.
        if let region { out["SAGEMAKER_REGION"] = region }
        return out
    }

    /// Both variables and members of SM_TRAINING_ENV.
    private var shared: [String: PythonValue] {
        let hosts = PythonValue.list(plan.hosts.map { .string($0.name) })
        let type = PythonValue.string(plan.job.resources.instanceType ?? "local")
        let group = PythonValue.string(ContractFiles.groupName)
        let groups: PythonValue = .object([
            (
                ContractFiles.groupName,
                .object([("hosts", hosts), ("instance_group_name", group), ("instance_type", type)])
            )
        ])
        return [
            "hosts": hosts, "current_host": .string(plan.hosts[rank].name),
            "network_interface_name": .string("eth0"), "current_instance_type": type,
            "current_instance_group": group, "current_instance_group_hosts": hosts,
            "instance_groups": .list([group]), "instance_groups_dict": groups,
            "distribution_instance_groups": .list(isDistributed ? [group] : []), "is_hetero": .bool(false),
            "user_entry_point": .string(program), "module_name": .string(moduleName),
            "module_dir": .string(hyperparameters.text("sagemaker_submit_directory") ?? base + "/code"),
            "log_level": hyperparameters.sagemaker["sagemaker_container_log_level"] ?? .integer("20"),
            "framework_module": frameworkModule,
            "resource_config": python(ContractFiles.resourceConfig(plan, rank: rank)),
            "input_data_config": python(ContractFiles.inputDataConfig(plan)),
            "model_dir": .string(base + "/model"), "input_dir": .string(base + "/input"),
            "input_config_dir": .string(base + "/input/config"), "output_dir": .string(base + "/output"),
            "output_data_dir": .string(base + "/output/data"),
            "output_intermediate_dir": .string(base + "/output/intermediate"),
            "num_cpus": .integer(String(cores)),
            "num_gpus": .integer(String(Self.graphicsCount)), "num_neurons": .integer("0"),
        ]
    }

    private var onlyVariables: [String: PythonValue] {
        [
            "hps": object(hyperparameters.own), "framework_params": object(hyperparameters.framework),
            "channels": .list(channels.keys.sorted(by: PythonValue.precedes).map { .string($0) }),
            "user_args": .list(hyperparameters.arguments.map { .string($0) }),
            "training_env": trainingEnvironment,
        ]
    }

    private var trainingEnvironment: PythonValue {
        let hosts = PythonValue.list(plan.hosts.map { .string($0.name) })
        var members = shared
        members["additional_framework_parameters"] = object(hyperparameters.framework)
        members["hyperparameters"] = object(hyperparameters.own)
        members["channel_input_dirs"] = object(channels.mapValues { .string($0) })
        members["distribution_hosts"] = isDistributed ? hosts : .list([])
        members["is_master"] = .bool(rank == 0)
        members["master_hostname"] = .string(plan.hosts[0].name)
        members["job_name"] = .string(plan.job.name.rawValue)
        members["is_modelparallel_enabled"] = PythonValue.none
        members["is_smddprun_installed"] = .bool(false)
        members["is_smddpmprun_installed"] = .bool(false)
        members["topology"] = .list([])
        return object(members)
    }

    private var channels: [String: String] {
        let names = plan.job.channels.map(\.name)
        return Dictionary(names.map { ($0, "\(base)/input/data/\($0)") }) { first, _ in first }
    }

    private var moduleName: String { program.hasSuffix(".py") ? String(program.dropLast(3)) : program }

    private var frameworkModule: PythonValue {
        guard let module = plan.job.environment["SAGEMAKER_TRAINING_MODULE"] else { return .none }
        return .string(module)
    }

    private var isDistributed: Bool {
        Self.distributed.contains { hyperparameters.sagemaker[$0]?.isTruthy ?? false }
    }

    private func object(_ members: [String: PythonValue]) -> PythonValue {
        .object(members.map { (key: $0.key, value: $0.value) })
    }

    private func python(_ value: JSONValue) -> PythonValue {
        switch value {
        case .null: .none
        case .bool(let flag): .bool(flag)
        case .integer(let number): .integer(String(number))
        case .number(let number): .real(number)
        case .string(let text): .string(text)
        case .array(let elements): .list(elements.map(python))
        case .object(let members): object(members.mapValues(python))
        }
    }

    /// Devices of the NVIDIA driver.
    private static var graphicsCount: Int {
        // No listing of devices means no device to speak of.
        let names = (try? FileSystem.names(in: "/dev")) ?? []
        return names.count { $0.hasPrefix("nvidia") && Int($0.dropFirst("nvidia".count)) != nil }
    }
}
