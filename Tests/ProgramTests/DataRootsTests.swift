import ClusterTypes
import Diagnostics
import Foundation
import JobSpecs
import ProgramContract
import StorageLocations
import Testing

@Suite("Folders that jobs may name")
struct DataRootsTests {
    private func check(_ roots: DataRoots, output: String, data: String? = nil, code: String? = nil) throws {
        var job = JobSpec(
            name: JobName("job"), locations: JobSpec.Locations(output: StorageLocation(path: output)))
        if let data { job.channels = [JobSpec.Channel("train", location: StorageLocation(path: data))] }
        if let code { job.hyperparameters = ["sagemaker_submit_directory": code] }
        try roots.check(job)
    }

    private func complaint(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            #expect((error as? LockstepError)?.code == .denied, "\(error)")
            return "\(error)"
        }
    }

    @Test("paths are followed to where they lead, and stay inside")
    func inside() throws {
        try withFolder { folder in
            let root = folder + "/root"
            for name in ["root/data", "other", "state"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            try FileManager.default.createSymbolicLink(
                atPath: root + "/link", withDestinationPath: folder + "/other")
            try FileManager.default.createSymbolicLink(
                atPath: root + "/inner", withDestinationPath: "data")
            let roots = DataRoots(roots: [root], closed: [folder + "/state"])
            try check(roots, output: root + "/new/folder", data: root + "/data", code: root + "/code")
            try check(roots, output: root + "/data/../new", data: root + "/inner")
            try check(roots, output: root, code: "/opt/ml/input/data/code")
            for bad in [
                folder + "/other", "/x/../../../etc", root + "/../other", root + "/link", root + "/link/new",
                root + "-beside", root + "/none/../../other", "/",
            ] {
                let said = complaint { try check(roots, output: bad) }
                #expect(said.contains("S3OutputPath") && said.contains(root), "\(bad): \(said)")
                let data = complaint { try check(roots, output: root, data: bad) }
                #expect(data.contains("channel train"), "\(bad): \(data)")
                let code = complaint { try check(roots, output: root, code: bad) }
                #expect(code.contains("sagemaker_submit_directory"), "\(bad): \(code)")
            }
            let all = DataRoots(closed: [folder + "/state"])
            try check(all, output: folder + "/other", data: root + "/link")
            #expect(complaint { try check(all, output: folder + "/state/x") }.contains("the cluster's own"))
            #expect(complaint { try check(all, output: root + "/../state") }.contains("/state"))
        }
    }
}
