import Foundation
import Testing

/// docs/user-guide.md, typed by a reader from top to bottom in one shell.
@Suite struct UserGuideTests {
    @Test func `every command of the guide does what the guide says`() throws {
        try withTemporaryFolder { folder in
            let page = try DocumentPage("user-guide.md")
            let labels = page.steps.map(\.label)
            #expect(
                labels == [
                    "data", "cluster", "train", "predict", "kill", "ranks", "stop", "resume", "verify", "key",
                    "end",
                ])
            let script = folder.appendingPathComponent("guide.sh")
            try Self.script(page, in: folder).write(to: script, atomically: true, encoding: .utf8)
            let outcome = try Program.run("bash", [script.path], in: folder, seconds: 400)
            #expect(outcome.status == 0, "\(outcome.output.suffix(3000)) \(outcome.error.suffix(3000))")
            let parts = outcome.output.components(separatedBy: "== ")
            func part(_ label: String) -> String { parts.first { $0.hasPrefix(label + "\n") } ?? "" }
            #expect(part("train").contains("model-hash: "), "\(part("train"))")
            #expect(part("kill").contains("the models are the same bits"), "\(part("kill"))")
            #expect(part("ranks").contains("the models are the same bits"), "\(part("ranks"))")
            #expect(part("resume").contains("the models are the same bits"), "\(part("resume"))")
            #expect(part("resume").contains("signed by the cluster"), "\(part("resume"))")
            #expect(part("verify").contains("everything checks out"), "\(part("verify"))")
            #expect(part("verify").contains("commits are equal"), "\(part("verify"))")
            #expect(part("key").contains("proved"), "\(part("key"))")
        }
    }

    /// The guide's commands, in a home of their own and at a free port. The reader is quicker than ten
    /// seconds: as soon as the job has a checkpoint.
    private static func script(_ page: DocumentPage, in folder: URL) -> String {
        let guide = folder.appendingPathComponent("guide").path
        var text = """
            set -e
            cd '\(Program.packageRoot.path)'
            export HOME='\(folder.path)' LOCKSTEP_HOME='\(folder.path)/home'
            trap 'lockstep down > /dev/null 2>&1 || true' EXIT
            sleep() {
                for _ in $(seq 600); do
                    list=$(lockstep jobs list --limit 1 --output json)
                    job=$(echo "$list" | grep -o '"TrainingJobName" *: *"[^"]*' | cut -d '"' -f 4)
                    if ls '\(guide)'/output/"$job"/checkpoints/step-* > /dev/null 2>&1; then return; fi
                    command sleep 0.1
                done
                return 1
            }

            """
        for (label, commands) in page.steps { text += "echo '== \(label)'\n" + commands }
        return
            text
            .replacing("/tmp/guide", with: guide)
            .replacing("--workers 3 --detach", with: "--workers 3 --detach --api 127.0.0.1:0")
            .replacing("LOCKSTEP_STEP_DELAY_MS=200", with: "LOCKSTEP_STEP_DELAY_MS=80")
    }
}
