import ClusterTypes
import Diagnostics
import HTTPTypes
import JSON
import JobLifecycle
import Logging
import SageMakerAPI
import SageMakerShapes
import Testing

@Suite("API server")
struct ServerTests {
    @Test("lists the workers by name")
    func workers() async throws {
        try await APIFixture.with { api in
            await api.service.setWorkers([
                WorkerRecord(
                    id: WorkerID("worker-2"), address: "10.0.0.2", slots: 4, freeSlots: 0, state: .lost,
                    lastSeen: 90.5),
                WorkerRecord(
                    id: WorkerID("worker-1"), address: "10.0.0.1", slots: 2, freeSlots: 1, state: .ready,
                    lastSeen: 100),
            ])
            let workers = try await api.call("Lockstep.ListWorkers", .object([:])).json["Workers"]?.array
            #expect(workers?.map { $0["WorkerName"] } == ["worker-1", "worker-2"])
            #expect(
                workers?.last
                    == .object([
                        "WorkerName": "worker-2", "Address": "10.0.0.2", "Kind": "on-demand", "State": "lost",
                        "HotStateBytes": .integer(0),
                        "Slots": .integer(4), "FreeSlots": .integer(0), "LastSeen": .number(90.5),
                    ]))
        }
    }

    @Test("lists and describes the algorithms with the settings of the runtime")
    func algorithms() async throws {
        try await APIFixture.with { api in
            let list = try await api.call("Lockstep.ListAlgorithms", .object([:])).json["Algorithms"]?.array
            #expect(list?.map { $0["AlgorithmName"] } == ["kmeans", "linear-learner"])
            let answer = try await api.call(
                "Lockstep.DescribeAlgorithm", .object(["AlgorithmName": "kmeans"]))
            let parameters = answer.json["HyperParameters"]?.array ?? []
            let k = parameters.first { $0["Name"] == "k" }
            #expect(k?["Type"] == "Integer")
            #expect(k?["Values"] == "a whole number of at least 2")
            #expect(k?["IsRequired"] == .bool(true))
            #expect(k?["DefaultValue"] == nil)
            let seed = parameters.first { $0["Name"] == "seed" }
            #expect(seed?["DefaultValue"] == "0")
            #expect(answer.json["Channels"]?.array?.map { $0["ChannelName"] } == ["train", "test"])
            #expect(answer.json["Metrics"]?.array?.first?["Direction"] == "minimize")
            let unknown = try await api.call(
                "Lockstep.DescribeAlgorithm", .object(["AlgorithmName": "kmean"]))
            #expect(unknown.errorType == "ValidationException")
            #expect(unknown.message == "there is no algorithm 'kmean'; did you mean kmeans?")
        }
    }

    @Test(
        "gives the coordinator's errors SageMaker's names",
        arguments: [
            (LockstepError.Code.configuration, "ValidationException", 400),
            (.data, "ValidationException", 400),
            (.conflict, "ResourceInUse", 400), (.denied, "AccessDeniedException", 400),
            (.io, "ServiceUnavailable", 503), (.network, "ServiceUnavailable", 503),
            (.damaged, "InternalFailure", 500), (.bug, "InternalFailure", 500),
        ])
    func errors(_ code: LockstepError.Code, _ type: String, _ status: Int) async throws {
        try await APIFixture.with { api in
            await api.service.setFailure(LockstepError(code, "the store is away"))
            let answer = try await api.call("SageMaker.ListTrainingJobs", .object([:]))
            #expect(answer.status == status)
            #expect(answer.errorType == type)
            #expect(answer.message == "the store is away")
            #expect(answer.json["LockstepCode"]?.string == code.rawValue)
            let header = HTTPField.Name("x-amzn-ErrorType").flatMap { answer.headers[$0] }
            #expect(header == type)
        }
    }

    @Test("says of another operation why it is not offered")
    func unknownOperation() async throws {
        try await APIFixture.with { api in
            for (target, message) in [
                ("SageMaker.CreateEndpoint", "CreateEndpoint is not offered yet: there are no endpoints yet"),
                (
                    "SageMaker.DeleteTrainingJob",
                    "DeleteTrainingJob is not offered: jobs that are over are forgotten by age and number, "
                        + "with lockstep gc"
                ),
                (
                    "SageMaker.CreateTrainigJob",
                    "SageMaker has no operation CreateTrainigJob; did you mean CreateTrainingJob?"
                ),
                ("Elsewhere.Do", "Elsewhere.Do is no operation of a service that is spoken here"),
            ] {
                let answer = try await api.call(target, .object([:]))
                #expect(answer.status == 400)
                #expect(answer.errorType == "UnknownOperationException")
                #expect(answer.message == message)
            }
            let none = try await api.send(target: nil, text: "{}")
            #expect(none.message == "The request names no operation: X-Amz-Target is missing")
            let path = try await api.send(
                target: "SageMaker.ListTrainingJobs", text: "{}", path: "/endpoints/e/invocations")
            #expect(path.status == 404)
            #expect(path.errorType == "UnknownOperationException")
        }
    }

    @Test("refuses text that is no JSON, takes an empty body for an empty request")
    func bodies() async throws {
        try await APIFixture.with { api in
            for text in ["{", "[1", "{\"MaxResults\": }"] {
                let answer = try await api.send(target: "SageMaker.ListTrainingJobs", text: text)
                #expect(answer.status == 400)
                #expect(answer.errorType == "SerializationException")
                #expect(answer.message == "The request is no valid JSON")
            }
            let list = try await api.send(target: "SageMaker.ListTrainingJobs", text: "[]")
            #expect(list.message == "START_ARRAY can not be converted to a Structure at the request")
            let empty = try await api.send(target: "SageMaker.ListTrainingJobs", text: "")
            #expect(empty.status == 200)
            let large = try await api.send(
                target: "SageMaker.ListTrainingJobs", text: String(repeating: " ", count: 5 << 20))
            #expect(large.status == 413)
            #expect(large.errorType == "RequestEntityTooLarge")
        }
    }

    @Test("answers probes, and gives every answer a request id of its own")
    func health() async throws {
        try await APIFixture.with { api in
            let name = try #require(HTTPField.Name("x-amzn-RequestId"))
            let first = try await api.send(target: nil, text: "", method: .get, path: "/health")
            let second = try await api.send(target: nil, text: "", method: .get, path: "/health")
            #expect(first.status == 200)
            #expect(first.json == .object(["status": "ok"]))
            #expect(first.headers[.contentType] == "application/x-amz-json-1.1")
            #expect(first.headers[name] != nil)
            #expect(first.headers[name] != second.headers[name])
        }
    }

    @Test("says which address is taken")
    func portTaken() async throws {
        let service = FakeJobService()
        try await LiveServer.with(service) { endpoint in
            #expect(endpoint.hasPrefix("http://127.0.0.1:"))
            let port = try #require(endpoint.split(separator: ":").last.flatMap { Int($0) })
            let second = SageMakerAPIServer(
                service: service, port: port, logger: APIFixture.silentLogger)
            let error = await #expect(throws: LockstepError.self) { try await second.run() }
            #expect(error?.code == .conflict)
            #expect(
                error?.message
                    == "cannot listen on 127.0.0.1:\(port): another program has that port; stop it or "
                    + "choose another port")
        }
    }

    @Test(
        "says which address this machine does not have",
        arguments: [
            (
                "192.0.2.1",
                "cannot listen on 192.0.2.1:0: 192.0.2.1 is no address of this machine; use one of its own, "
                    + "or 127.0.0.1"
            ), ("no-such-host.invalid", "cannot listen on no-such-host.invalid:0: there is no such address"),
        ])
    func foreignAddress(_ host: String, _ message: String) async throws {
        let server = SageMakerAPIServer(
            service: FakeJobService(), host: host, port: 0, logger: APIFixture.silentLogger)
        let error = await #expect(throws: LockstepError.self) { try await server.run() }
        #expect(error?.code == .network)
        #expect(error?.message == message)
    }
}
