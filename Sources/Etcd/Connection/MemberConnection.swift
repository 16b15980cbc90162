import Certificates
import EtcdAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOCore
import NIOHTTP2
import NIOSSL
import Synchronization
import Texts

typealias GRPCTransport = HTTP2ClientTransport.Posix

/// One gRPC client for one endpoint, for as long as its first TCP connection lives.
///
/// grpc-swift would reconnect by itself; we do not let it: a connection that ended belongs to the
/// failover supervisor, which may know a better member.
final class MemberConnection: Sendable {
    let endpoint: EtcdEndpoint
    /// Tells this connection from every other one of the process.
    let number: Int
    let grpc: GRPCClient<GRPCTransport>
    /// Sends the user's token with each call.
    let carrier = TokenCarrier()
    /// The TLS files that the connection was made with; `nil` without TLS.
    let material: TLSMaterial?
    private let tap: ConnectionTap
    private static let count = Atomic(0)
    private let endings: AsyncStream<String>
    private let ending: AsyncStream<String>.Continuation

    /// Prepares a connection; nothing is sent before ``run()``.
    ///
    /// - Parameter limit: How long it may take until the server says its first word, and until the files of
    ///   ``EtcdClient/TLS`` are read.
    /// - Throws: ``EtcdError`` when the transport refuses the endpoint; `unusableFile` for the files.
    init(
        to endpoint: EtcdEndpoint,
        within limit: Duration,
        configuration: EtcdClient.Configuration
    ) async throws(EtcdError) {
        self.endpoint = endpoint
        number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
        (endings, ending) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        let ending = ending
        let tap = ConnectionTap { reason in
            let words = reason.map { EtcdError.reason($0) ?? "\($0)" }
            ending.yield(
                words.map { "the connection broke: \($0)" } ?? "the server closed the connection"
            )
        }
        self.tap = tap
        let tls =
            endpoint.scheme == .https
            ? try await TLSMaterial.readToConnect(configuration, within: limit) : nil
        material = tls?.material
        let security = tls.map { Security(material: $0.material, context: $0.context) }
        do {
            let transport = try GRPCTransport(
                target: Self.target(for: endpoint),
                transportSecurity: security == nil ? .plaintext : .customSecure,
                config: Self.transportConfiguration(
                    configuration,
                    endpoint,
                    limit,
                    security,
                    tap: tap
                )
            )
            grpc = GRPCClient(transport: transport, interceptors: [carrier])
        } catch {
            throw EtcdError(
                .other,
                "cannot prepare a connection",
                endpoint: "\(endpoint)",
                cause: error
            )
        }
    }

    /// Carries the calls until the task is cancelled. A connect that is under way ends with it.
    func run() async {
        await withTaskCancellationHandler {
            // Ends by cancellation, which it reports as an error; nobody is left to tell.
            try? await grpc.runConnections()
        } onCancel: {
            tap.close()
        }
        ending.finish()
    }

    /// Waits until the connection ends.
    ///
    /// - Returns: Why, as the end of a sentence; `nil` when the task was cancelled.
    func ended() async -> String? {
        for await reason in endings { return reason }
        return nil
    }

    /// Ends the connection for a reason of ours: no answers come, or the member is of no use.
    func abandon(because reason: String) {
        ending.yield(reason)
    }

    /// Asks the member who it is, and a question that only a member in touch with its cluster can
    /// answer: a linearizable read. Its status alone proves nothing; a learner and a member whose disk
    /// hangs tell it too.
    ///
    /// - Parameter limit: How long it may take, the TCP connect included.
    /// - Throws: ``EtcdError`` when the member does not answer, or is of no use.
    func probe(within limit: Duration) async throws(EtcdError) -> Etcdserverpb_StatusResponse {
        var options = CallOptions.defaults
        options.timeout = limit
        let began = ContinuousClock.now
        let status = try await status(options)
        if status.leader == 0 {
            throw useless("the member has no leader: it is cut off from the rest of its cluster")
        }
        if status.isLearner { throw useless("the member is a learner, which serves no clients") }
        options.timeout = max(limit - began.duration(to: .now), .milliseconds(50))
        try await probeReading(options)
        return status
    }

    /// Asks the member which cluster it belongs to; one that is of no use otherwise tells it too.
    ///
    /// - Parameter limit: How long it may take, the TCP connect included.
    /// - Returns: `nil` when it tells nobody who has not logged in.
    /// - Throws: ``EtcdError`` when the member does not answer.
    func cluster(within limit: Duration) async throws(EtcdError) -> EtcdClusterID? {
        var options = CallOptions.defaults
        options.timeout = limit
        let id = try await status(options).header.clusterID
        return id == 0 ? nil : EtcdClusterID(rawValue: id)
    }

    private func status(
        _ options: CallOptions
    ) async throws(EtcdError) -> Etcdserverpb_StatusResponse {
        do {
            return try await Etcdserverpb_Maintenance.Client(wrapping: grpc)
                .status(Etcdserverpb_StatusRequest(), options: options)
        } catch {
            let error = failure(error, "Maintenance.Status")
            guard error.code == .unauthenticated || error.code == .permissionDenied else {
                throw error
            }
            // No login comes before the probe. etcd 3.4 and 3.5 ask for none here; from one that does,
            // the refusal is an answer, and the read that follows tells the rest.
            var unknown = Etcdserverpb_StatusResponse()
            unknown.version = "unknown"
            unknown.leader = 1
            return unknown
        }
    }

    private func probeReading(_ options: CallOptions) async throws(EtcdError) {
        var range = Etcdserverpb_RangeRequest()
        range.key = Bytes("discoveryd").data
        range.countOnly = true
        do {
            _ = try await Etcdserverpb_KV.Client(wrapping: grpc).range(range, options: options)
        } catch {
            let error = failure(error, "KV.Range")
            switch error.code {
            case .unavailable, .deadlineExceeded, .cancelled: throw error
            // Refused, as to a user who may not read this key: an answer all the same.
            default: return
            }
        }
    }

    /// gRPC often knows only that there is no connection; the tap heard why.
    private func failure(_ error: any Error, _ method: String) -> EtcdError {
        let error = EtcdError(rpc: error, method: method, endpoint: endpoint)
        guard error.code == .unavailable || error.code == .deadlineExceeded,
            let cause = tap.reason, let reason = EtcdError.reason(cause)
        else { return error }
        return EtcdError(
            .unavailable,
            reason,
            method: method,
            endpoint: "\(endpoint)",
            cause: cause
        )
    }

    private func useless(_ reason: String) -> EtcdError {
        EtcdError(.unavailable, reason, endpoint: "\(endpoint)")
    }

    /// IP addresses go straight to the socket; names are resolved anew for each connection.
    private static func target(for endpoint: EtcdEndpoint) -> any ResolvableTarget {
        let (host, port) = (endpoint.host.text, Int(endpoint.port))
        return switch endpoint.host.family {
        case .ipv4: .ipv4(address: host, port: port)
        case .ipv6: .ipv6(address: host, port: port)
        case .name: .dns(host: host, port: port)
        }
    }

    /// The TLS files and the context made of them. gRPC's own settings cannot restrict the types of keys.
    private struct Security: Sendable {
        let material: TLSMaterial
        let context: NIOSSLContext
    }

    private static func transportConfiguration(
        _ configuration: EtcdClient.Configuration,
        _ endpoint: EtcdEndpoint,
        _ limit: Duration,
        _ security: Security?,
        tap: ConnectionTap
    ) -> GRPCTransport.Config {
        // A name may have several addresses, and the first one may be the dead one.
        let limit = TimeAmount(endpoint.host.family == .name ? limit / 2 : limit)
        let tls = configuration.tls
        // Names the server in the handshake, and is what its certificate must be for; without one that is
        // the IP address.
        let name = tls.serverName ?? (endpoint.host.family == .name ? endpoint.host.text : nil)
        return .defaults { transport in
            // etcd allows a ping each 5 s (its --grpc-keepalive-min-time), none without a call under
            // way, and hangs up on more.
            transport.connection.keepalive = .init(
                time: .seconds(6),
                timeout: .seconds(2),
                allowWithoutCalls: false
            )
            if security != nil { transport.http2.authority = name }
            transport.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let http2 = try pipeline.handler(type: NIOHTTP2Handler.self)
                    let filter = PingFilter()
                    try pipeline.addHandler(filter, position: .before(http2))
                    // Behind TLS: a server that stops in the middle of that has said nothing either.
                    let timeout = HandshakeTimeout(limit) {
                        tap.failed(ChannelError.connectTimeout(limit))
                    }
                    try pipeline.addHandler(timeout, position: .before(filter))
                    if let security {
                        let handler = try NIOSSLClientHandler(
                            context: security.context,
                            serverHostname: name
                        )
                        try pipeline.addHandler(handler, position: .first)
                        let witness = TLSWitness(endpoint, tls, security.material) {
                            tap.failed($0)
                        }
                        try pipeline.addHandler(witness, position: .before(filter))
                    }
                    let check = ProtocolCheck(isTLS: security != nil) { tap.failed($0) }
                    try pipeline.addHandler(check, position: .first)
                    try tap.install(on: channel)
                }
            }
        }
    }
}
