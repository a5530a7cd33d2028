import Foundation
import ProgramContract
import Storage
import Testing

@Suite("What programs leave")
struct ProgramCollectionTests {
    @Test("hosts are merged, the lower number wins, and tar reads the archives")
    func merge() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(hosts: 2, ["true"])
        func write(_ text: String, _ path: String) throws {
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        let long = String(repeating: "n", count: 120)
        try write("one", plan.staging(0) + "/model/same")
        try write("a", plan.staging(0) + "/model/sub/a")
        try write("two", plan.staging(1) + "/model/same")
        try write("b", plan.staging(1) + "/model/sub/b")
        try write("long", plan.staging(1) + "/model/sub/\(long)")
        try write("o", plan.staging(1) + "/output/o")
        try ProgramCollection.merge(plan)
        let (model, output) = (bench.folder + "/out/model.tar.gz", bench.folder + "/out/output.tar.gz")
        try ProgramCollection.pack(plan, modelArtifact: model, outputArtifact: output)
        let unpacked = bench.folder + "/unpacked"
        try FileManager.default.createDirectory(atPath: unpacked, withIntermediateDirectories: true)
        let listing = try bench.shell(
            "tar -tzf \(output); cd \(unpacked) && tar -xzf \(model) && find . | sort && cat same"
        )
        #expect(
            listing == "o\n.\n./same\n./sub\n./sub/a\n./sub/b\n./sub/\(long)\none")
        #expect(!FileManager.default.fileExists(atPath: plan.staging(0)))
    }
}
