package import JSON
package import ServiceModels

/// Tells errors in any of the protocols.
package struct ErrorWriter {
    private let wire: WireProtocol
    private let model: ServiceModel?
    private let requestID: String

    /// - Parameter model: `nil` where the request goes nowhere.
    package init(_ wire: WireProtocol, _ model: ServiceModel?, requestID: String) {
        self.wire = wire
        self.model = model
        self.requestID = requestID
    }

    /// - Parameters:
    ///   - type: the error's name in the service's model.
    ///   - json: the error as JSON has it.
    ///   - asksForQueryNames: the client wants to know how the Query protocol called the error.
    package func answer(
        status: Int, type: String, message: String, json: JSONValue, asksForQueryNames: Bool = false
    ) -> WireAnswer {
        switch wire {
        case .awsJSON, .restJSON:
            let contentType = wire == .awsJSON ? "application/x-amz-json-1.1" : "application/json"
            var answer = WireAnswer(
                status: status, contentType: contentType, ((try? json.text()) ?? "{}").utf8)
            answer.headers.append(("x-amzn-ErrorType", type))
            if asksForQueryNames {
                answer.headers.append(("x-amzn-query-error", "\(code(type));\(side(status))"))
            }
            return answer
        case .query:
            let error = XMLText.element(
                "Error", fields([("Type", side(status)), ("Code", code(type)), ("Message", message)]))
            let namespace = model?.metadata.xmlNamespace.map { " xmlns=\"\($0)\"" } ?? ""
            let text = XMLText.element(
                "ErrorResponse", error + fields([("RequestId", requestID)]), attributes: namespace)
            return WireAnswer(status: status, contentType: "text/xml", text.utf8)
        case .restXML:
            let text = XMLText.element(
                "Error", fields([("Code", code(type)), ("Message", message), ("RequestId", requestID)]))
            return WireAnswer(
                status: status, contentType: "application/xml", (XMLText.declaration + text).utf8)
        }
    }

    private func side(_ status: Int) -> String { status < 500 ? "Sender" : "Receiver" }

    /// The code that clients know an error of the model by.
    private func code(_ type: String) -> String {
        guard let model, model.hasShape(type) else { return type }
        return model.shape(type).error?.code ?? type
    }

    private func fields(_ fields: [(String, String)]) -> String {
        fields.map { XMLText.element($0, XMLText.escaped($1)) }.joined()
    }
}
