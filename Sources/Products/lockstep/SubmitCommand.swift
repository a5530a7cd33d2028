import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation
import JSON
import JobRequests
import SageMakerShapes

struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submits a training job.",
        discussion: """
            The job file is a CreateTrainingJob request of SageMaker in YAML or JSON. Paths in it may be \
            relative to the file; RoleArn and TrainingJobName may be left out. \
            `lockstep algorithms describe NAME` lists what HyperParameters may say.

            With --wait the command follows the job to its end. Exit status then: 0 completed, 1 failed, \
            2 stopped. Ctrl-C ends the waiting, not the job.

            A job file:
              AlgorithmSpecification: {AlgorithmName: linear-learner}
              HyperParameters: {predictor_type: regressor, epochs: 10}
              InputDataConfig:
                - ChannelName: train
                  ContentType: text/csv
                  DataSource: {S3DataSource: {S3Uri: houses.csv}}
              OutputDataConfig: {S3OutputPath: output}
              ResourceConfig: {InstanceCount: 2}

            Examples:
              lockstep submit houses.yaml --wait
              lockstep submit houses.yaml --name houses-2 --set epochs=20 --instance-count 4
            """)

    @Argument(help: "The job file, YAML or JSON.")
    var file: String
    @Flag(help: "Follow the job to its end.")
    var wait = false
    @Option(help: "Name of the job, over what the file says.")
    var name: String?
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("A hyperparameter, over what the file says.", valueName: "name=value"),
        transform: Assignment.init)
    var hyperparameters: [Assignment] = []
    @Option(
        name: .customLong("environment"), parsing: .singleValue,
        help: ArgumentHelp("A variable of the job's Environment.", valueName: "name=value"),
        transform: Assignment.init)
    var environment: [Assignment] = []
    @Option(help: "Number of ranks, over what the file says.")
    var instanceCount: Int?
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if let instanceCount, instanceCount < 1 {
            throw ValidationError("--instance-count is \(instanceCount): it must be 1 or more")
        }
    }

    func run() async throws {
        let request = try request()
        let name = request["TrainingJobName"]?.string ?? ""
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().standardized.path
        try OutputFolders.make(for: request, in: folder, endpoint: cluster.knownEndpoint)
        try await cluster.withClient { client in
            let created = try await client.createTrainingJob(request)
            guard wait else { return try report(name, created) }
            try await JobFollower(name: name, client: client, output: cluster.output).followAndReport()
        }
    }

    private func request() throws -> JSONValue {
        var job = try JobFile(path: file)
        if let name { job.setName(name) }
        for assignment in hyperparameters {
            job.setHyperparameter(assignment.name, to: assignment.value)
        }
        for assignment in environment { job.setEnvironment(assignment.name, to: assignment.value) }
        if let instanceCount { job.setInstanceCount(instanceCount) }
        let suffix = String(UInt16.random(in: 0x1000 ... .max), radix: 16)
        job.setNameIfMissing(seconds: Date().timeIntervalSince1970, suffix: suffix)
        return job.json
    }

    private func report(_ name: String, _ created: CreateTrainingJobResponse) throws {
        switch cluster.output {
        case .json:
            try OutputFormat.printJSON(
                Submission(trainingJobName: name, trainingJobArn: created.trainingJobArn))
        case .text:
            StandardStreams.output("\(name) is submitted; follow it with `lockstep jobs wait \(name)`")
        }
    }

    private struct Submission: Encodable {
        var trainingJobName: String
        var trainingJobArn: String
        enum CodingKeys: String, CodingKey {
            case trainingJobName = "TrainingJobName"
            case trainingJobArn = "TrainingJobArn"
        }
    }
}

/// `NAME=VALUE` on the command line.
struct Assignment: Sendable {
    let name: String
    let value: String

    init(_ text: String) throws {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
            throw ValidationError("it has to be NAME=VALUE")
        }
        name = String(text[..<sign])
        value = String(text[text.index(after: sign)...])
    }
}
