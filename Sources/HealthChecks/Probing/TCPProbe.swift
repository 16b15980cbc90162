import NIOCore

/// Passes when the connection is accepted; nothing is sent.
struct TCPProbe: Probe {
    private let target: TCPTarget
    private let dialer: Dialer

    init(_ target: TCPTarget, tools: ProbeTools) {
        self.target = target
        dialer = tools.dialer
    }

    func run() async throws(ProbeFailure) {
        let channel = try await dialer.connect(to: target)
        channel.close(promise: nil)
    }
}
