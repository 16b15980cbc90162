import Glibc
import Machines
import Registry
import TestKit
import Testing

@testable import HealthChecks

@Suite(.timeLimit(.minutes(1))) struct TCPProbeTests {
    private let tools = ProbeTools()

    @Test func aListenerPassesOverIPv4AndIPv6AndByName() async throws {
        let four = try DeafListener(AF_INET)
        let six = try DeafListener(AF_INET6)
        try await probe("127.0.0.1:\(four.port)")
        try await probe("[::1]:\(six.port)")
        // Whichever of its addresses comes first, the service listens on one of them.
        try await probe("localhost:\(four.port)")
    }

    @Test func aPortWithoutAListenerIsRefusedInWords() async throws {
        let port = try FreePort.two()[0]
        let failure = await #expect(throws: ProbeFailure.self) {
            try await probe("127.0.0.1:\(port)")
        }
        #expect(failure?.code == .refused)
        #expect(
            failure?.message
                == "connection refused: nothing listens on 127.0.0.1:\(port); start the service, or correct "
                + "the check"
        )
    }

    @Test func aNameWithoutAnAddressIsSaid() async throws {
        let failure = await #expect(throws: ProbeFailure.self) { try await probe("a.invalid:80") }
        #expect(failure?.code == .nameUnknown)
        #expect(failure?.message.contains("getent hosts a.invalid") == true)
    }

    @Test func aConnectionThatHangsEndsWithItsTask() async throws {
        // Nobody accepts, so the queue is full soon; from then on a connection is not answered.
        let listener = try DeafListener(backlog: 0)
        // Returns only when the probe has ended, which by itself it would not before its own time is over.
        let end: Void? = try await within(.milliseconds(500)) {
            for _ in 0..<1000 { try await probe("127.0.0.1:\(listener.port)") }
        }
        #expect(end == nil)
    }

    @Test func whoIsCancelledBeforehandDoesNotConnect() async throws {
        let listener = try DeafListener()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await probe("127.0.0.1:\(listener.port)")
        }
        let failure = await #expect(throws: ProbeFailure.self) { try await task.value }
        #expect(failure?.code == .cancelled)
    }

    private func probe(_ text: String) async throws {
        try await TCPProbe(target(text), tools: tools).run()
    }

    private func target(_ text: String) throws -> TCPTarget { try #require(TCPTarget(text)) }
}
