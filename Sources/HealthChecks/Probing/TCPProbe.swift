import NIOCore
import NIOPosix
import Network
import Registry
import Texts

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

/// Opens TCP connections that can be given up at any moment.
struct Dialer: Sendable {
    let group: any EventLoopGroup
    let names: NameLookup

    /// A connection to `target`, to be closed by the caller. The addresses of a name are tried one after
    /// the other: `localhost` is often two, and a service listens on one of them.
    ///
    /// - Throws: ``ProbeFailure``; for a name, that of its last address. On cancellation `cancelled`, and
    ///   nothing stays open.
    func connect(to target: TCPTarget) async throws(ProbeFailure) -> any Channel {
        let addresses =
            target.host.family == .name
            ? try await addresses(of: target.host.text) : [target.host]
        var failure = ProbeFailure.cancelled
        for host in addresses where !Task.isCancelled {
            let target = TCPTarget(host: host, port: target.port)
            do {
                let channel = try await connect(
                    SocketAddress(ipAddress: host.text, port: Int(target.port))
                )
                guard isItself(channel) else { return channel }
                channel.close(promise: nil)
                failure = .refused(by: target)
            } catch {
                failure = ProbeFailure(error, from: target)
            }
        }
        throw Task.isCancelled ? .cancelled : failure
    }

    /// A connection within this host to a port where nobody listens can get that port for its own end,
    /// and TCP then connects it to itself. Rare, but a check asks a thousand times an hour.
    private func isItself(_ channel: any Channel) -> Bool {
        channel.localAddress != nil && channel.localAddress == channel.remoteAddress
    }

    private func addresses(of name: String) async throws(ProbeFailure) -> [HostAddress] {
        do throws(NameLookup.Failure) {
            return try await names.addresses(of: name)
        } catch {
            switch error {
            case .cancelled: throw .cancelled
            case .unknown(let words):
                throw ProbeFailure(
                    .nameUnknown,
                    "the name \(name) has no address (\(words)); correct the name or see "
                        + "'getent hosts \(name)'",
                    cause: words
                )
            }
        }
    }

    private func connect(_ address: SocketAddress) async throws -> any Channel {
        let attempt = ConnectAttempt()
        return try await withTaskCancellationHandler {
            try await ClientBootstrap(group: group)
                // The limit is the check's timeout, which cancels us.
                .connectTimeout(.hours(1))
                .channelInitializer { channel in
                    attempt.began { channel.close(promise: nil) }
                    return channel.eventLoop.makeSucceededVoidFuture()
                }
                .connect(to: address)
                .get()
        } onCancel: {
            attempt.giveUp()
        }
    }
}
