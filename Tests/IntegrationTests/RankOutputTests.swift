import Diagnostics
import Foundation
import Testing

/// What ranks print on its way through `mpirun`.
@Suite struct RankOutputTests {
    @Test func `what a rank prints under a supervisor holds no tag, and nothing of it is lost`() throws {
        try withTemporaryFolder { folder in
            let words = ["predict", "/no/[1,1]<stderr>:lockstep-pulse 1 working 0.0 x", "y"]
            let plain = try Program.run("lockstep-train", words, in: folder)
            #expect(plain.error.contains("[1,1]<stderr>:lockstep-pulse"), "\(plain.error)")
            let rank = try Program.start(
                "lockstep-train", words, in: folder,
                environment: ["LOCKSTEP_ATTEMPT_DIR": folder.path, "OMPI_COMM_WORLD_RANK": "0"])
            #expect(rank.wait().status == plain.status)
            var text = ""
            // The process that encodes it outlives the rank.
            RunningProgram.eventually(seconds: 20) {
                var decoder = OutputDecoder()
                text = ""
                decoder.feed(Array(rank.error.utf8)) { text += $0.isReport ? "report" : $0.text + "\n" }
                return text == plain.error
            }
            #expect(text == plain.error)
            #expect(!rank.error.contains("["), "\(rank.error)")
        }
    }
}
