package import ServiceModels

/// What an operation does here.
public enum OperationStanding: String, Sendable, CaseIterable {
    /// It does what it does at AWS, with the differences that docs/sagemaker-api.md names.
    case works
    /// What it is about is kept, described, listed, changed and deleted by AWS's rules; nothing runs.
    case kept
    /// It has no handler yet.
    case notYet = "not yet"
    /// It will never have one.
    case refused
}

/// What this API offers of AWS's: the source of docs/api-coverage.md.
package struct APICoverage {
    private let registry: APIRegistry

    package init(_ registry: APIRegistry) { self.registry = registry }

    /// How an operation of a model stands, and why it is not offered.
    package func standing(
        of operation: String, in service: ServiceName
    ) -> (standing: OperationStanding, reason: String?) {
        if let handler = registry.handler(of: operation, in: service) { return (handler.standing, nil) }
        let family = service == .sagemaker ? OperationFamily.of(operation) : nil
        guard let family else { return (.notYet, nil) }
        return (family.isPlanned ? .notYet : .refused, family.sentence)
    }

    /// Operations of a service that stand so.
    package func count(_ standing: OperationStanding, in service: ServiceName) -> Int {
        ServiceModel.of(service).operationNames.count {
            self.standing(of: $0, in: service).standing == standing
        }
    }

    /// The page, in Markdown.
    package var page: String {
        """
        # API coverage

        Which operations of AWS's services this version answers, and how: they *work*, with the differences
        that [the API's page](sagemaker-api.md) names; or what they are about is *kept*, described, listed,
        changed and deleted by AWS's rules, and nothing runs; or they are *not yet* offered; or they are
        *refused*. A call of an operation that is not offered gets UnknownOperationException (of S3,
        NotImplemented) and the sentence below.

        This page is written by `LOCKSTEP_WRITE_COVERAGE=1 swift test --filter CoverageTests`, out of the code
        and the models under `proto/aws`.

        \(counts)

        ## SageMaker

        \(operations)

        ## Other services

        \(others)

        """
    }

    private var services: [ServiceName] { ServiceName.all.filter { $0 != .lockstep } }

    private var counts: String {
        let head = """
            | service | operations | work | kept | not yet | refused |
            |---|---|---|---|---|---|
            """
        let lines = services.map { service in
            let numbers = OperationStanding.allCases.map { "\(count($0, in: service))" }
            let model = ServiceModel.of(service)
            let cells = [model.metadata.serviceId, "\(model.operationNames.count)"] + numbers
            return "| \(cells.joined(separator: " | ")) |"
        }
        return ([head] + lines).joined(separator: "\n")
    }

    private var operations: String {
        let lines = ServiceModel.of(.sagemaker).operationNames.map { name in
            let (standing, reason) = standing(of: name, in: .sagemaker)
            return "| \(name) | \(standing.rawValue)\(reason.map { ": \($0)" } ?? "") |"
        }
        return "| operation | here |\n|---|---|\n" + lines.joined(separator: "\n")
    }

    private var others: String {
        let lines = services.filter { $0 != .sagemaker }.map { service in
            let model = ServiceModel.of(service)
            let names = model.operationNames.filter { registry.handler(of: $0, in: service) != nil }
            let text = names.isEmpty ? "none yet" : names.joined(separator: ", ")
            return "| \(model.metadata.serviceId) | \(text) |"
        }
        return "| service | offered |\n|---|---|\n" + lines.joined(separator: "\n")
    }
}
