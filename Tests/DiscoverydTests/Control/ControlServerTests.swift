import Foundation
import Logging
import Machines
import Registry
import Synchronization
import TestKit
import Testing

@testable import discoveryd

/// The control socket, and clients that mean no good.
@Suite struct ControlServerTests {
    @Test func aRequestIsAnsweredAndTheConnectionClosed() async throws {
        try await served { path in
            let answer = try await ask(path, .status)
            #expect(answer == ControlAnswer(.done, ["status"]))
        }
    }

    @Test(arguments: [
        "\n", "garbage\n", "{\"command\":\"status\"", "\u{0}\u{1}\u{2}\n",
        String(repeating: "x", count: 100_000),
    ])
    func whatIsNoRequestIsToldSoAndTheNextIsAnswered(text: String) async throws {
        try await served(patience: .milliseconds(300)) { path in
            let client = ControlSocket.connect(to: path)
            #expect(client >= 0)
            defer { close(client) }
            _ = Array(text.utf8).withUnsafeBytes {
                send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            let line = try await line(from: client)
            #expect(ControlAnswer(line: line)?.outcome == .invalid)
            try await eventually("the next is answered", within: Self.patience) {
                try await ask(path, .status).outcome == .done
            }
        }
    }

    @Test func aHundredSilentClientsAreGoneInTimeAndHarmNobodyElse() async throws {
        try await served(patience: .milliseconds(500)) { path in
            let clients = (0..<100).map { _ in ControlSocket.connect(to: path) }
            defer { for client in clients where client >= 0 { close(client) } }
            #expect(clients.allSatisfy { $0 >= 0 })
            // Those beyond the limit are told at once, the others when their time is up.
            for client in clients {
                let answer = ControlAnswer(line: try await line(from: client))
                #expect(answer?.outcome == .busy || answer?.outcome == .invalid)
            }
            try await eventually("room again", within: Self.patience) {
                try await ask(path, .status).outcome == .done
            }
        }
    }

    @Test func whoeverWaitsForADayTakesNoPlaceOfAnybodyElse() async throws {
        try await served { path in
            let clients = (0..<100).map { _ in ControlSocket.connect(to: path) }
            defer { for client in clients where client >= 0 { close(client) } }
            let request = ControlRequest.wait(nil, atLeast: 1, within: .seconds(86400)).line
            for client in clients {
                _ = request.withUnsafeBytes { send(client, $0.baseAddress, $0.count, 0) }
            }
            // Those for whom there is no place are told at once; nobody is answered before all others are in.
            var refused = 0
            try await eventually("all have their place or none", within: Self.patience) {
                refused = clients.count { hasAnswer($0) }
                return refused == clients.count - ClientPlaces.Purpose.waiting.places
            }
            for request in [ControlRequest.status, .reload, .drain(nil, for: nil)] {
                #expect(try await ask(path, request).outcome == .done)
            }
            let late = try await ask(path, .wait(nil, atLeast: 0, within: .seconds(1)))
            #expect(late.outcome == .busy && late.messages.first?.contains("wait") == true)
        } onWait: {
            // Until the client goes.
            try? await Task.sleep(for: .seconds(86400))
        }
    }

    @Test func aClientThatDoesNotTakeItsAnswerIsLeft() async throws {
        // More than the kernel takes for a client that does not read.
        let large = String(repeating: "a", count: 2 << 20)
        try await served(patience: .seconds(1), message: large) { path in
            let client = ControlSocket.connect(to: path)
            defer { close(client) }
            let request = ControlRequest.status.line
            _ = request.withUnsafeBytes { send(client, $0.baseAddress, $0.count, 0) }
            try await eventually("another is answered", within: Self.patience) {
                (try? await ask(path, .status))?.messages == [large]
            }
            // What it reads in the end is cut off.
            try await eventually("the server gives it up", within: Self.patience) {
                var poll = pollfd(fd: client, events: 0, revents: 0)
                return Glibc.poll(&poll, 1, 0) == 1 && poll.revents & Int16(POLLHUP) != 0
            }
            let rest = try await line(from: client)
            #expect(ControlAnswer(line: rest) == nil)
        }
    }

    @Test func whoeverGoesAwayIsNotWaitedFor() async throws {
        let ended = Mutex(false)
        try await served { path in
            let client = ControlSocket.connect(to: path)
            let request = ControlRequest.wait(nil, atLeast: 1, within: .seconds(60)).line
            _ = request.withUnsafeBytes { send(client, $0.baseAddress, $0.count, 0) }
            close(client)
            try await eventually("the wait ends", within: Self.patience) { ended.withLock { $0 } }
        } onWait: {
            // What the client asked to wait for; its departure cancels it.
            try? await Task.sleep(for: .seconds(60))
            ended.withLock { $0 = true }
        }
    }

    @Test func theSocketIsForItsGroupAndGoneAfterwards() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            try await serving(path) {
                var status = stat()
                #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
            }
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test func aSocketThatNobodyListensAtIsReplacedAndALiveOneIsNot() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            let stale = try ControlSocket.bound(at: path)
            close(stale.descriptor)
            try await serving(path) {
                #expect(throws: ControlSocket.Failure.self) { try ControlSocket.bound(at: path) }
                let outcome = try await ask(path, .status).outcome
                #expect(outcome == .done)
            }
            try directory.write("control.sock", "a file")
            #expect(throws: ControlSocket.Failure.self) { try ControlSocket.bound(at: path) }
            #expect(directory.read("control.sock") == "a file")
        }
    }

    @Test func withoutADaemonTheClientSaysSo() throws {
        #expect(throws: ControlClient.Failure.notRunning("/nonexistent/control.sock")) {
            try ControlClient(path: "/nonexistent/control.sock").ask(.status)
        }
    }

    // MARK: parts

    /// The server runs among the tests, and those that only compute leave it no thread for a while.
    private static let patience = Duration.seconds(60)

    private func served(
        patience: Duration = .seconds(5),
        message: String? = nil,
        _ body: (String) async throws -> Void,
        onWait: @escaping @Sendable () async -> Void = {}
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            try await serving(path, patience: patience, message: message, onWait: onWait) {
                try await body(path)
            }
        }
    }

    private func serving(
        _ path: String,
        patience: Duration = .seconds(5),
        message: String? = nil,
        onWait: @escaping @Sendable () async -> Void = {},
        _ body: () async throws -> Void
    ) async throws {
        let server = ControlServer(
            path: path,
            patience: patience,
            answer: { request in
                if case .wait = request { await onWait() }
                return ControlAnswer(.done, [message ?? "\(request)"])
            },
            generator: SeededGenerator(seed: 1),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let task = Task { try await server.run() }
        do {
            try await eventually("the socket is there", within: Self.patience) {
                let client = ControlSocket.connect(to: path)
                defer { if client >= 0 { close(client) } }
                return client >= 0
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

    /// Whether something has come, or the other end has closed the connection.
    private func hasAnswer(_ socket: Int32) -> Bool {
        var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1
    }

    /// Not `ControlClient`: that blocks its thread, and the server of these tests needs one.
    private func ask(_ path: String, _ request: ControlRequest) async throws -> ControlAnswer {
        let client = ControlSocket.connect(to: path)
        guard client >= 0 else { throw DidNotHappen(description: "no connection") }
        defer { close(client) }
        _ = request.line.withUnsafeBytes {
            send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard let answer = ControlAnswer(line: try await line(from: client)) else {
            throw DidNotHappen(description: "no answer")
        }
        return answer
    }

    /// All that comes until the other end closes.
    private func line(from socket: Int32) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        try await eventually("the connection is closed", within: Self.patience) {
            while true {
                let count = recv(socket, &chunk, chunk.count, Int32(MSG_DONTWAIT))
                if count < 0 { return errno != EAGAIN }
                if count == 0 { return true }
                bytes += chunk.prefix(count)
            }
        }
        return bytes
    }
}
