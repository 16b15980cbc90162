import CoreFoundation
import Foundation
import LocalServer
import Logging
import Machines
import Registry
import TestKit
import Testing

@testable import Daemon

/// The local API at a socket, as the daemon serves it.
@Suite struct LocalAPITests {
    @Test func `a command's request is answered`() async throws {
        try await served { path in
            for request in [LocalAPIRequest.reload, .drain(nil, for: .seconds(60)), .undrain(nil)] {
                let answer = try await LocalHTTPClient(path: path)
                    .ask(.post, request.target, within: Self.patience)
                #expect(
                    LocalAPIAnswer(answer, to: request) == LocalAPIAnswer(.done, ["\(request)"])
                )
            }
            let status = try await LocalHTTPClient(path: path)
                .ask(.get, "/v1/status", within: Self.patience)
            #expect(LocalAPIAnswer(status, to: .status)?.report == "{}\n")
        }
    }

    @Test func `a parameter that is not there changes nothing`() async throws {
        try await served { path in
            let answer = try await LocalHTTPClient(path: path)
                .ask(.post, "/v1/drain?servce=web", within: Self.patience)
            #expect(answer.status == 400)
            #expect(
                LocalAPIAnswer(answer, to: .drain(nil, for: nil))
                    == LocalAPIAnswer(
                        .invalid,
                        ["there is no parameter of that name; there is: service, for"]
                    )
            )
        }
    }

    @Test(arguments: [
        #"{"command":"status"}"#, #"{"command":"drain","service":"web"}"#,
        #"{"command":"wait","min":0,"timeout":1000}"#,
    ])
    func `a command of before the local API prints that another version runs`(
        line: String
    ) async throws {
        try await served { path in
            let old = try RawConnection(path: path)
            old.send(line + "\n")
            // What that version reads: one line of JSON, whose outcome is one that it does not try again after.
            #expect(
                try await old.answer()
                    == #"{"messages":["another version of discoveryd is running; restart it"],"#
                    + #""outcome":"invalid"}"# + "\n"
            )
        }
    }

    @Test func `the socket is for its group and gone afterwards`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            try await serving(path) {
                var status = stat()
                #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
            }
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test func `an address that is taken is listened at when it is free`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            try directory.write("control.sock", "a file")
            try await serving(path, isThere: false) {
                unlink(path)
                try await eventually("it listens", within: Self.patience) {
                    (try? RawConnection(path: path)) != nil
                }
            }
        }
    }

    // MARK: parts

    /// The server runs among the tests, and those that only compute leave it no thread for a while.
    private static let patience = Duration.seconds(60)

    private func served(_ body: (String) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            try await serving(path) { try await body(path) }
        }
    }

    private func serving(
        _ path: String,
        isThere: Bool = true,
        _ body: () async throws -> Void
    ) async throws {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let api = LocalAPIRoutes(
            answer: { request in
                request == .status
                    ? LocalAPIAnswer(.done, report: "{}\n") : LocalAPIAnswer(.done, ["\(request)"])
            },
            log: log
        )
        let service = LocalServerService(
            listener: .control(path: path),
            routes: api.routes,
            generator: SeededGenerator(seed: 1),
            log: log
        )
        let task = Task { try await service.run() }
        do {
            if isThere {
                try await eventually("the socket is there", within: Self.patience) {
                    (try? RawConnection(path: path)) != nil
                }
            }
            try await body()
        } catch {
            task.cancel()
            _ = try? await task.value
            throw error
        }
        task.cancel()
        try await task.value
    }
}
