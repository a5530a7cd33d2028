import Foundation
import Testing
import WorkerService

@Suite struct SpotNoticeTests {
    @Test func `EC2's document tells action and time`() {
        let now = Date(timeIntervalSince1970: 1_505_722_800)  // 2017-09-18T08:20:00Z
        let document = Array(#"{"action": "terminate", "time": "2017-09-18T08:22:00Z"}"#.utf8)
        let notice = SpotNotice.read(document: document, at: now)
        #expect(notice?.reason == "spot notice: terminate at 2017-09-18T08:22:00Z")
        #expect(notice?.secondsLeft == 120)
        #expect(SpotNotice.read(document: Array("<html>404</html>".utf8), at: now) == nil)
    }

    @Test func `a file or a command is a notice, and its first line the reason`() async throws {
        try await withScratchFolder { folder in
            let path = folder + "/notice"
            #expect(await SpotNotice.look(.file(path)) == nil)
            try "rebalance\nmore\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(await SpotNotice.look(.file(path))?.reason == "rebalance")
            #expect(await SpotNotice.look(.command("cat \(path)"))?.reason == "rebalance")
            #expect(await SpotNotice.look(.command("echo no; false")) == nil)
            #expect(await SpotNotice.look(.metadata("http://127.0.0.1:9")) == nil)
        }
    }
}
