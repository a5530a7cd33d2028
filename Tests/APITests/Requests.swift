import FoundationEssentials
import JSON
import SageMakerShapes

/// Requests that tests begin with.
enum Requests {
    /// A valid job.
    static func create(_ name: String) -> JSONValue {
        .object([
            "TrainingJobName": .string(name),
            "AlgorithmSpecification": .object([
                "TrainingImage": .string("linear-learner"), "TrainingInputMode": .string("File"),
            ]),
            "RoleArn": .string("arn:aws:iam::000000000000:role/lockstep"),
            "HyperParameters": .object(["predictor_type": .string("regressor")]),
            "InputDataConfig": .array([channel("train")]),
            "OutputDataConfig": .object(["S3OutputPath": .string("file:///tmp/out")]),
            "ResourceConfig": .object([
                "InstanceType": .string("ml.local"), "InstanceCount": .integer(2),
                "VolumeSizeInGB": .integer(1),
            ]),
            "StoppingCondition": .object(["MaxRuntimeInSeconds": .integer(600)]),
        ])
    }

    static func channel(_ name: String, uri: String = "file:///tmp/data") -> JSONValue {
        .object([
            "ChannelName": .string(name), "ContentType": .string("text/csv"),
            "DataSource": .object([
                "S3DataSource": .object([
                    "S3DataType": .string("S3Prefix"), "S3Uri": .string(uri),
                ])
            ]),
        ])
    }

    static func named(_ name: String) -> JSONValue { .object(["TrainingJobName": .string(name)]) }
}

extension JSONValue {
    /// This value with the member at a dotted path set; numbers in the path are places in arrays.
    /// A `nil` value removes the member.
    func with(_ path: String, _ value: JSONValue?) -> JSONValue {
        replacing(path.split(separator: ".").map(String.init)[...], value) ?? .null
    }

    private func replacing(_ path: ArraySlice<String>, _ value: JSONValue?) -> JSONValue? {
        guard let first = path.first else { return value }
        if case .array(var elements) = self, let index = Int(first), elements.indices.contains(index) {
            elements[index] = elements[index].replacing(path.dropFirst(), value) ?? .null
            return .array(elements)
        }
        var members = object ?? [:]
        members[first] = (members[first] ?? .null).replacing(path.dropFirst(), value)
        return .object(members)
    }
}

extension JSONValue: ExpressibleByStringLiteral {
    init(stringLiteral value: String) { self = .string(value) }
}
