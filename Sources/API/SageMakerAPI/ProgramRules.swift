import Diagnostics
import Foundation
import JobRequests
import JobSpecs
import SageMakerShapes
import StorageLocations

/// What a job with a program of its own must satisfy, as far as it can be told before it runs.
struct ProgramRules {
    private let request: CreateTrainingJobRequest

    init(_ request: CreateTrainingJobRequest) { self.request = request }

    /// - Throws: `LockstepError(.configuration)` for the first rule the job breaks.
    func check(_ kind: ProgramKind) throws {
        if let name = request.algorithmSpecification?.algorithmName {
            throw refusal(
                "AlgorithmSpecification has AlgorithmName \(name) and a program: give one of them")
        }
        try checkCommand(kind)
        try checkChannels(kind)
        try checkMetrics(kind)
        try checkCheckpoints()
        _ = try ProgramKind.rankCount(request)
    }

    private func checkCommand(_ kind: ProgramKind) throws {
        guard let program = request.algorithmSpecification?.containerEntrypoint?.first else { return }
        guard !program.isEmpty else {
            throw refusal("AlgorithmSpecification.ContainerEntrypoint begins with an empty word")
        }
        guard kind == .algorithm, !program.hasPrefix("/") else { return }
        throw refusal(
            "AlgorithmSpecification.ContainerEntrypoint is \(program), but a program of kind algorithm "
                + "is named by its absolute path, the same on all workers")
    }

    private func checkChannels(_ kind: ProgramKind) throws {
        var seen: Set<String> = []
        for channel in request.inputDataConfig ?? [] {
            let name = channel.channelName
            guard seen.insert(name).inserted else {
                throw refusal("InputDataConfig has two channels named \(name): names must differ")
            }
            // SageMaker's pattern takes them, and its containers would find other folders there.
            guard name != ".", name != ".." else {
                throw refusal("InputDataConfig has a channel named \(name), which is no name of a folder")
            }
            let field = "InputDataConfig channel \(name)"
            guard let source = channel.dataSource?.s3DataSource else {
                throw refusal(
                    "\(field) has no DataSource.S3DataSource: name its files with S3Uri file:///PATH")
            }
            if let type = source.s3DataType, type != "S3Prefix" {
                throw refusal("\(field): S3DataType \(type) is not offered: use S3Prefix")
            }
            _ = try FileURI(source.s3Uri, field: "\(field): S3Uri")
            if kind != .algorithm, channel.recordWrapperType == "RecordIO" {
                throw refusal(
                    "\(field): RecordWrapperType RecordIO is not offered: give the records themselves")
            }
        }
    }

    /// The patterns are tried here, so that a bad one costs no training.
    private func checkMetrics(_ kind: ProgramKind) throws {
        let definitions = request.algorithmSpecification?.metricDefinitions ?? []
        guard kind != .algorithm else { return }
        for definition in definitions {
            let field = "AlgorithmSpecification.MetricDefinitions \(definition.name)"
            let expression: NSRegularExpression
            do {
                expression = try NSRegularExpression(pattern: definition.regex)
            } catch {
                throw refusal("\(field): Regex \(definition.regex) is no regular expression")
            }
            guard expression.numberOfCaptureGroups >= 1 else {
                throw refusal(
                    "\(field): Regex \(definition.regex) has no group in parentheses to take the value from")
            }
        }
    }

    private func checkCheckpoints() throws {
        guard let path = request.checkpointConfig?.localPath else { return }
        guard path == "/opt/ml" || path.hasPrefix("/opt/ml/") else {
            throw refusal("CheckpointConfig.LocalPath is \(path), but must lie below /opt/ml")
        }
    }

    private func refusal(_ sentence: String) -> LockstepError {
        LockstepError(.configuration, sentence)
    }
}
