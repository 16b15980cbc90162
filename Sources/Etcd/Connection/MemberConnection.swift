import Certificates
import EtcdAPI
import GRPCCore
import GRPCTransport
import NIOPosix
import NIOSSL
import Network
import Synchronization
import Texts

/// One connection to one member, until it ends: it belongs to the failover supervisor, which may know a better
/// member than to connect to this one again.
final class MemberConnection: Sendable {
    let endpoint: EtcdEndpoint
    /// Tells this connection from every other one of the process.
    let number: Int
    let grpc: GRPCClient<GRPCConnection>
    /// Sends the user's token with each call.
    let carrier = TokenCarrier()
    /// The TLS files that the connection was made with; `nil` without TLS.
    let material: TLSMaterial?
    private let transport: GRPCConnection
    private let tls: EtcdClient.TLS
    private static let count = Atomic(0)
    private let endings: AsyncStream<String>
    private let ending: AsyncStream<String>.Continuation

    /// Connects.
    ///
    /// - Parameter limit: How long it may take until the server says its first word, and until the files of
    ///   ``EtcdClient/TLS`` are read.
    /// - Throws: ``EtcdError`` `unavailable` with the reason; `unusableFile` for the files; `cancelled`.
    init(
        to endpoint: EtcdEndpoint,
        within limit: Duration,
        configuration: EtcdClient.Configuration,
        names: NameLookup
    ) async throws(EtcdError) {
        self.endpoint = endpoint
        number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
        (endings, ending) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        tls = configuration.tls
        let read =
            endpoint.scheme == .https
            ? try await TLSMaterial.readToConnect(configuration, within: limit) : nil
        material = read?.material
        do {
            transport = try await GRPCConnection.open(
                to: endpoint.host,
                port: endpoint.port,
                settings: Self.settings(for: endpoint, configuration, read?.context),
                within: limit,
                names: names,
                on: MultiThreadedEventLoopGroup.singleton.next()
            )
        } catch {
            throw EtcdError(connecting: error, to: endpoint, tls, read?.material)
        }
        grpc = GRPCClient(transport: transport, interceptors: [carrier])
    }

    private static func settings(
        for endpoint: EtcdEndpoint,
        _ configuration: EtcdClient.Configuration,
        _ context: NIOSSLContext?
    ) -> GRPCConnection.Settings {
        // Names the server in the handshake, and is what its certificate must be for; without one that is
        // the IP address.
        let given = configuration.tls.serverName
        let name = given ?? (endpoint.host.family == .name ? endpoint.host.text : nil)
        return GRPCConnection.Settings(
            security: context.map { GRPCConnection.Security(context: $0, serverName: name) },
            authority: context.flatMap { _ in name } ?? endpoint.host.joined(port: endpoint.port),
            pingInterval: configuration.pingInterval,
            pingTimeout: configuration.pingTimeout
        )
    }

    /// Carries the calls until the connection ends or the task is cancelled, which ends it.
    func run() async {
        // Not the client's own run: a client that has ended refuses calls with an error that is no RPC's, and does
        // not say why the connection did.
        await transport.connect()
        let reason = await transport.ended()
        switch reason {
        case .closedHere: break
        case .closedByServer: ending.yield("the server closed the connection")
        default:
            let words = EtcdError.reason(reason, at: endpoint, tls, material)
            ending.yield("the connection broke: \(words)")
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
    /// - Parameter limit: How long it may take.
    /// - Throws: ``EtcdError`` when the member does not answer, or is of no use.
    func probe(within limit: Duration) async throws(EtcdError) -> Etcdserverpb_StatusResponse {
        var options = CallOptions.defaults
        options.timeout = limit
        // Both at once: one way there and back.
        async let reading = probeReading(options)
        let status = try await status(options)
        if status.leader == 0 {
            throw useless("the member has no leader: it is cut off from the rest of its cluster")
        }
        if status.isLearner { throw useless("the member is a learner, which serves no clients") }
        try await reading.get()
        return status
    }

    /// Asks the member which cluster it belongs to; one that is of no use otherwise tells it too.
    ///
    /// - Parameter limit: How long it may take.
    /// - Returns: `nil` when it tells nobody who has not logged in.
    /// - Throws: ``EtcdError`` when the member does not answer.
    func cluster(within limit: Duration) async throws(EtcdError) -> EtcdClusterID? {
        var options = CallOptions.defaults
        options.timeout = limit
        let id = try await status(options).header.clusterID
        return id == 0 ? nil : EtcdClusterID(rawValue: id)
    }

    /// Asks the member how it is, whether it is of any use or not.
    ///
    /// - Parameter limit: How long it may take.
    /// - Returns: The version `unknown` from a member that tells nobody who has not logged in.
    /// - Throws: ``EtcdError`` when the member does not answer.
    func status(within limit: Duration) async throws(EtcdError) -> Etcdserverpb_StatusResponse {
        var options = CallOptions.defaults
        options.timeout = limit
        return try await status(options)
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

    private func probeReading(_ options: CallOptions) async -> Result<Void, EtcdError> {
        var range = Etcdserverpb_RangeRequest()
        range.key = Bytes("discoveryd").data
        range.countOnly = true
        do {
            _ = try await Etcdserverpb_KV.Client(wrapping: grpc).range(range, options: options)
        } catch {
            let error = failure(error, "KV.Range")
            switch error.code {
            case .unavailable, .deadlineExceeded, .cancelled: return .failure(error)
            // Refused, as to a user who may not read this key: an answer all the same.
            default: break
            }
        }
        return .success(())
    }

    private func failure(_ error: any Error, _ method: String) -> EtcdError {
        guard let cause = (error as? RPCError)?.cause as? ConnectionError else {
            return EtcdError(rpc: error, method: method, endpoint: endpoint)
        }
        return EtcdError(connecting: cause, to: endpoint, tls, material)
    }

    private func useless(_ reason: String) -> EtcdError {
        EtcdError(.unavailable, reason, endpoint: "\(endpoint)")
    }
}
