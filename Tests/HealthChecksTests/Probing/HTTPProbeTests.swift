import Machines
import Registry
import TestKit
import Testing

@testable import HealthChecks

@Suite(.timeLimit(.minutes(1))) struct HTTPProbeTests {
    private let tools = ProbeTools()

    @Test func twoAndThreeHundredsPassUnlessOthersAreNamed() async throws {
        try await Server.with { server in
            for status in [200, 204, 302, 399] {
                #expect(await failure(server, "/status/\(status)") == nil)
            }
            let missing = await failure(server, "/status/404")
            #expect(missing?.code == .status)
            #expect(
                missing?.message
                    == "answered 404 Not Found, expected 200 to 399; correct the path of the check"
            )
            #expect(await failure(server, "/status/503")?.code == .status)

            #expect(await failure(server, "/status/503", statuses: [200...200, 503...503]) == nil)
            let moved = await failure(server, "/status/301", statuses: [200...200, 204...206])
            #expect(
                moved?.message
                    == "answered 301 Moved Permanently, expected 200, 204 to 206; redirects are not "
                    + "followed: set the check to the target of the redirect"
            )
        }
    }

    @Test func theBodyMustContainTheText() async throws {
        try await Server.with { server in
            #expect(await failure(server, "/healthz", contains: "ok") == nil)
            #expect(await failure(server, "/healthz", contains: "all is ok\n") == nil)
            let missing = await failure(server, "/healthz", contains: "fine")
            #expect(missing?.code == .content)
            #expect(
                missing?.message
                    == "the answer (status 200) does not contain 'fine'; it begins with 'all is ok '"
            )
            // What a server says is shown without its control characters.
            let red = await failure(server, "/escape", contains: "fine")
            #expect(red?.message.hasSuffix("it begins with ' [31mred line'") == true)
        }
    }

    @Test func onlyTheFirst64KiBOfABodyAreRead() async throws {
        try await Server.with { server in
            #expect(await failure(server, "/early", contains: "needle") == nil)
            let late = await failure(server, "/late", contains: "needle")
            #expect(late?.message.hasPrefix("the first 64 KiB of the answer") == true)
        }
    }

    @Test func theRequestSaysWhatIsConfigured() async throws {
        try await Server.with { server in
            for text in ["GET /echo", "Host: 127.0.0.1:\(server.port)", "User-Agent: discoveryd"] {
                #expect(await failure(server, "/echo", contains: text) == nil)
            }
            let headers = [
                try #require(HTTPCheck.Header("Host", "example.org")),
                try #require(HTTPCheck.Header("X-Token", "a b")),
            ]
            for text in ["PURGE /echo", "Host: example.org", "X-Token: a b"] {
                #expect(
                    await failure(
                        server,
                        "/echo",
                        method: "purge",
                        headers: headers,
                        contains: text
                    ) == nil
                )
            }
            // An answer to HEAD has no body, whatever its length says.
            #expect(await failure(server, "/healthz", method: "HEAD") == nil)
            #expect(
                await failure(server, "/healthz", method: "HEAD", contains: "x")?.code == .content
            )
        }
    }

    @Test func badAnswersAreToldApart() async throws {
        try await Server.with { server in
            #expect(await failure(server, "/cut", contains: "needle")?.code == .closed)
            let flood = await failure(server, "/headers")
            #expect(flood?.code == .protocolError)
            #expect(flood?.message.contains("more than 64 KiB of headers") == true)
        }
        let port = try FreePort.two()[0]
        #expect(await failure(Server(port: port), "/")?.code == .refused)
    }

    @Test func aServerThatHangsIsGivenUpWithTheTask() async throws {
        try await Server.with { server in
            let before = ContinuousClock.now
            let outcome = try await within(.milliseconds(300)) { await failure(server, "/hang") }
            #expect(outcome == nil)
            #expect(ContinuousClock.now - before < .seconds(5))
        }
    }

    @Test func askedPlainlyATLSServerIsNotHTTP() async throws {
        try await Certificate.with(for: "IP:127.0.0.1") { certificate in
            try await Server.with(certificate: certificate) { server in
                let failure = await failure(server, "/healthz")
                #expect(failure?.code == .protocolError || failure?.code == .closed)
            }
        }
    }

    private func failure(
        _ server: Server,
        _ path: String,
        method: String = "GET",
        headers: [HTTPCheck.Header] = [],
        statuses: [ClosedRange<Int>] = HTTPCheck.usualStatuses,
        contains: String? = nil
    ) async -> ProbeFailure? {
        guard let address = HTTPAddress("http://127.0.0.1:\(server.port)\(path)"),
            let check = HTTPCheck(
                address,
                method: method,
                headers: headers,
                statuses: statuses,
                contains: contains
            )
        else { return ProbeFailure(.other, "the test's own check is wrong") }
        return await HTTPProbe(check, tools: tools).failure()
    }
}

extension Probe {
    /// What it sees, `nil` when it passes.
    func failure() async -> ProbeFailure? {
        do {
            try await run()
            return nil
        } catch {
            return error
        }
    }
}
