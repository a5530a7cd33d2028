import Checkpoints
import Diagnostics
import Testing

/// What the identity of a job says of its data.
@Suite struct JobIdentityTests {
    private func identity(_ files: [String: String], records: Int = 4, seed: String = "0") -> JobIdentity {
        let listed = files.sorted { $0.key < $1.key }.map {
            DataFile(name: $0.key, byteCount: $0.value.count, sha256: $0.value)
        }
        var fields = JobIdentity.fields(of: listed, channel: "train")
        fields["channel train path"] = "/data/train"
        fields["channel train records"] = String(records)
        fields["hyperparameter seed"] = seed
        return JobIdentity(fields)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let now: [String: String]
        var records = 4
        var seed = "0"
        let says: [String]
    }
    static let cases = [
        Case(testDescription: "the same", now: ["a": "11", "b": "22"], says: []),
        Case(
            testDescription: "a value", now: ["a": "11", "b": "23"],
            says: [
                "channel 'train' has changed since step 0: file /data/train/b had 2 bytes, SHA-256 22 and "
                    + "has 2 bytes, SHA-256 23"
            ]),
        Case(
            testDescription: "appended rows", now: ["a": "11", "b": "2233"], records: 6,
            says: [
                "channel 'train' has changed since step 0: file /data/train/b had 2 bytes, SHA-256 22 and "
                    + "has 4 bytes, SHA-256 2233"
            ]),
        Case(
            testDescription: "a new file", now: ["a": "11", "b": "22", "c": "3"],
            says: ["channel 'train' has changed since step 0: file /data/train/c is new"]),
        Case(
            testDescription: "a lost file and a changed one", now: ["b": "2"],
            says: [
                "channel 'train' has changed since step 0: file /data/train/a is gone "
                    + "(and 1 more of its files)"
            ]),
        Case(
            testDescription: "data and a setting", now: ["a": "1", "b": "22"], seed: "2",
            says: [
                "channel 'train' has changed since step 0: file /data/train/a had 2 bytes, SHA-256 11 and "
                    + "has 1 bytes, SHA-256 1", "hyperparameter seed is 2 now and was 0",
            ]),
    ]

    @Test(arguments: cases) func `what differs is told, file by file`(_ test: Case) {
        let before = identity(["a": "11", "b": "22"])
        let now = identity(test.now, records: test.records, seed: test.seed)
        #expect(now.differences(from: before) == test.says)
        #expect((now.hash == before.hash) == test.says.isEmpty)
    }

    @Test func `data alone are told as such`() {
        let before = identity(["a": "11"])
        let data = identity(["a": "12"]).conflict(with: before, at: "/x is y", advice: "do z")
        #expect(data?.code == .conflict && data?.message.hasPrefix("channel 'train' has changed") == true)
        #expect(data?.message.contains("put the data back") == true)
        let setting = identity(["a": "11"], seed: "1").conflict(with: before, at: "/x is y", advice: "do z")
        #expect(setting?.message.hasPrefix("/x is y, which is not this job") == true)
        #expect(before.conflict(with: before, at: "", advice: "") == nil)
    }

    @Test func `an identity without digests is taken as it is`() {
        let now = identity(["a": "11"])
        let old = JobIdentity(
            now.fields.filter { !$0.key.contains("sha256") && !$0.key.hasPrefix("data of") })
        #expect(now.differences(from: old).isEmpty && now.channelsWithoutDigest(in: old) == ["train"])
        #expect(now.channelsWithoutDigest(in: now).isEmpty)
    }

    @Test func `very many files share facts`() {
        let files = (0..<2500).map { DataFile(name: "f\(10000 + $0)", byteCount: 1, sha256: "\($0)") }
        let fields = JobIdentity.fields(of: files, channel: "train")
        #expect(fields.count <= 1001)
        var changed = files
        changed[1200].sha256 = "x"
        let differences = JobIdentity(JobIdentity.fields(of: changed, channel: "train"))
            .differences(from: JobIdentity(fields))
        #expect(differences.count == 1 && differences[0].contains("file f11200 to f11202"), "\(differences)")
    }
}
