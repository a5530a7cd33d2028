import Foundation
import Testing

/// The cases that people reported of systems like this one, each kind once: as whoever runs the tests, as a
/// user without rights, and where no mounts can be made; on one host and on three.
@Suite(.serialized) struct CaseTests {
    /// A cluster in its surroundings, and what was submitted to it.
    private struct Place {
        let name: String
        let folder: URL
        let docket: CaseDocket
        let cases: [ReportedCase]
        /// The sources of all jobs before any ran.
        let before: String
    }

    @Test func `every case ends as it should, whoever runs it and with what rights`() throws {
        var possible: [Surroundings] = []
        for surroundings in [Surroundings.own, .plainUser, .withoutMounts] {
            if let obstacle = surroundings.obstacle {
                print("no cases in surroundings \(surroundings): \(obstacle)")
            } else {
                possible.append(surroundings)
            }
        }
        try Self.visit(possible, []) { places in
            for place in places {
                let ends = try place.docket.check(place.cases)
                let hashes = ["flat", "nested", "mixed"].map { ends[$0]?["ModelHash"] as? String }
                #expect(hashes[0] != nil && Set(hashes).count == 1, "\(place.name): \(hashes)")
                try place.docket.checkProgress("progress")
                #expect(try Self.sources(place.folder) == place.before, "\(place.name): sources have changed")
            }
        }
    }

    /// Starts a cluster in each of the surroundings with all cases submitted, runs `body`, and looks at what
    /// is left once they have ended. All at once, because most of the time goes by between attempts.
    private static func visit(
        _ rest: [Surroundings], _ places: [Place], _ body: ([Place]) throws -> Void
    ) throws {
        guard let surroundings = rest.first else { return try body(places) }
        try withTemporaryFolder { folder in
            let cases = try ReportedCases.onOneHost(folder)
            let before = try sources(folder)
            try LocalCluster.run(workers: 2, slots: 3, surroundings: surroundings, in: folder) { cluster in
                let docket = CaseDocket(name: "\(surroundings)", folder: folder) { try cluster.lockstep($0) }
                try docket.submit(cases)
                let place = Place(
                    name: "\(surroundings)", folder: folder, docket: docket, cases: cases, before: before)
                try visit(Array(rest.dropFirst()), places + [place], body)
                try checkAddresses(cluster)
            }
            try CaseDocket.checkNothingIsLeft(folder.appendingPathComponent("cluster"))
        }
    }

    /// A worker whose address Open MPI cannot use does not start.
    private static func checkAddresses(_ cluster: LocalCluster) throws {
        try cluster.startWorker("six", options: ["--address", "fd00:1::2"])
        let six = try #require(cluster.daemons["six"]).wait(seconds: 30)
        #expect(six.status == 64 && six.error.contains("fd00:1::2 is no IPv4 address"), "\(six)")
    }

    /// Everything that jobs are given: paths, modes, sizes and sums.
    private static func sources(_ folder: URL) throws -> String {
        let script =
            "for d in code-* data-* drivers channel-code packed own 'my data' 100% données; do "
            + "find \"$d\" -printf '%p %m %s\\n'; find \"$d\" -type f -exec cksum {} +; done | LC_ALL=C sort"
        let outcome = try Program.run("sh", ["-c", script], in: folder)
        try #require(outcome.status == 0, "\(outcome.error)")
        return outcome.output
    }

    /// Six hosts are two clusters: of root, whose jobs are nobody's, and of a user without rights. Their
    /// workers go by names that differ behind the first dot.
    @Test(.enabled(if: TestBed.obstacle == nil, "no test bed here: \(TestBed.obstacle ?? "")"))
    func `what ranks on three hosts print, read and leave is each host's own`() throws {
        try withTemporaryFolder { folder in
            try TestBed.run(hosts: 6, in: folder) { bed in
                var visited: [(docket: CaseDocket, cases: [ReportedCase], cluster: HostCluster)] = []
                for (head, surroundings) in [(1, Surroundings.own), (4, .plainUser)] {
                    if let obstacle = surroundings.obstacle {
                        print("no cases on hosts in surroundings \(surroundings): \(obstacle)")
                        continue
                    }
                    let place = folder.appendingPathComponent("\(surroundings)")
                    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
                    let hosts = [head, head + 1, head + 2]
                    let names = Dictionary(uniqueKeysWithValues: hosts.map { ($0, "gpu.rack\($0).example") })
                    let cluster = try HostCluster(
                        bed, head: head, workers: hosts, slots: 2, names: names, surroundings: surroundings,
                        in: place)
                    let cases = try HostCases.all(place)
                    let docket = CaseDocket(name: "\(surroundings)", folder: place) {
                        try cluster.lockstep($0)
                    }
                    try docket.submit(cases)
                    visited.append((docket, cases, cluster))
                }
                for place in visited {
                    let ends = try place.docket.check(place.cases)
                    let hashes = ["three", "one"].map { ends[$0]?["ModelHash"] as? String }
                    #expect(hashes[0] != nil && hashes[0] == hashes[1], "\(place.docket.name): \(hashes)")
                    try CaseDocket.checkNothingIsLeft(place.cluster.folder)
                }
            }
        }
    }
}
