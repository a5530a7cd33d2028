import Diagnostics
import ServiceModels

/// What a caller hears of an operation that nobody answers.
enum OfferedOperations {
    /// An operation of a model that has no handler.
    static func fault(of operation: String, in service: ServiceName) -> APIFault {
        let family = service == .sagemaker ? OperationFamily.of(operation) : nil
        let isRefused = family.map { !$0.isPlanned } ?? false
        let name = ServiceModel.of(service).metadata.serviceId
        let sentence = family?.sentence ?? "this cluster does not speak this part of \(name)"
        let message = "\(operation) is not offered\(isRefused ? "" : " yet"): \(sentence)"
        return service == .s3
            ? APIFault(type: "NotImplemented", status: 501, message: message, code: .usage)
            : .unknownOperation(message)
    }

    /// An operation that is in no model.
    ///
    /// - Parameter service: how the service calls itself; `nil` where there is none that is meant.
    static func unknown(_ operation: String, service: String?) -> APIFault {
        let shown = operation.prefix(200)
        guard let service else {
            return .unknownOperation("\(shown) is no operation of a service that is spoken here")
        }
        let model = ServiceName.all.map(ServiceModel.of).first { $0.metadata.serviceId == service }
        let nearest =
            operation.utf8.count <= 200
            ? model.flatMap { NameDistance.nearest(to: operation, among: $0.operationNames) } : nil
        let hint = nearest.map { "; did you mean \($0)?" } ?? ""
        return .unknownOperation("\(service) has no operation \(shown)\(hint)")
    }
}
