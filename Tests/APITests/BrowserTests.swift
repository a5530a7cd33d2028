import Foundation
import JSON
import SageMakerShapes
import Testing

/// What a page of another site gets out of this machine's own API, in a real browser.
@Suite("Browser", .enabled(if: Installed.chromium, "no chromium: scripts/setup --tests installs it"))
struct BrowserTests {
    @Test("a page of another origin gets nowhere, even where the browser lets it send what it likes")
    func page() async throws {
        let service = FakeJobService()
        try await LiveServer.with(service) { url in
            let port = url.split(separator: ":").last.map(String.init) ?? ""
            let page = try Self.page(targets: [url, "http://rebound.example:\(port)"])
            for options in [[], ["--disable-web-security"]] {
                let profile = FileManager.default.temporaryDirectory.appendingPathComponent(
                    "browser-\(UUID())")
                defer { try? FileManager.default.removeItem(at: profile) }
                _ = try await ScriptedServer.run([.page(page)]) { site in
                    let other = site.replacingOccurrences(of: "127.0.0.1", with: "other.example")
                    let result = try await ProgramResult.of(
                        "timeout",
                        [
                            "60", "chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
                            "--disable-dev-shm-usage", "--no-proxy-server",
                            "--user-data-dir=" + profile.path,
                            "--host-resolver-rules=MAP *.example 127.0.0.1",
                            "--virtual-time-budget=20000", "--dump-dom",
                        ] + options + [other], environment: LiveServer.environment(endpoint: url))
                    #expect(result.output.contains("done"), "\(result.error.suffix(2000))")
                    // The blank before tells an answer from a port in the page's text.
                    // Without its own guard the browser shows what the API said: no.
                    let refusals = result.output.components(separatedBy: " 403").count - 1
                    #expect(refusals == (options.isEmpty ? 0 : 4), "\(result.output)")
                }
            }
            #expect(try await service.jobs().isEmpty)
        }
    }

    /// Sends a job to each address, as a simple request and as one with the operation's header.
    private static func page(targets: [String]) throws -> String {
        let job = try Requests.create("from-a-page").text()
        let list = targets.map { "'\($0)/'" }.joined(separator: ", ")
        return """
            <!doctype html><body><script>
            (async () => {
              const job = \(job);
              for (const target of [\(list)])
                for (const headers of [{}, {'X-Amz-Target': 'SageMaker.CreateTrainingJob'}]) {
                  let outcome = 'blocked';
                  try {
                    const answer = await fetch(target, {method: 'POST', headers, body: JSON.stringify(job)});
                    outcome = answer.status;
                  } catch (error) {}
                  document.body.append(` ${outcome}`);
                }
              document.body.append(' done');
            })();
            </script></body>
            """
    }
}
