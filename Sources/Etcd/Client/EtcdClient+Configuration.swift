package import Files
public import Machines

extension EtcdClient {
    /// In which order endpoints are tried. A connection that serves is kept in either.
    public enum EndpointOrder: String, CaseIterable, Hashable, Sendable {
        /// The first one is drawn and the others follow round the list, so that a fleet with one list
        /// spreads over the members.
        case random
        /// From the first of the list on, after each loss anew; the one that was lost comes last then.
        case listed
    }

    /// Where etcd is, how it is spoken to, and how long to wait for it.
    public struct Configuration: Sendable {
        /// The members to try, at least one.
        public var endpoints: [EtcdEndpoint]
        /// In which order. Default: random.
        public var order = EndpointOrder.random
        /// How `https` endpoints are spoken to.
        public var tls = TLS()
        /// The user whom calls are made as; nobody when `nil`, which is right for a cluster without
        /// users, and for one that takes the user's name from our certificate.
        public var credentials: Credentials?
        /// How long a call waits for a connection: one pass over all endpoints. Default 5 s.
        public var dialTimeout: Duration = .seconds(5)
        /// How long one endpoint may take to answer its first question. Default 2 s.
        public var attemptTimeout: Duration = .seconds(2)
        /// After how long of silence a member is asked whether it is there (HTTP/2 PING), while calls are under way.
        ///
        /// etcd hangs up on more than one in 5 s, its `--grpc-keepalive-min-time`.
        package var pingInterval: Duration = .seconds(6)
        /// How long it has to answer that.
        package var pingTimeout: Duration = .seconds(2)
        /// How long a call waits for its answer once there is a connection. Default 5 s.
        public var requestTimeout: Duration = .seconds(5)
        /// Delays between passes in which no endpoint answered. Default up to 250 ms at first, up
        /// to 5 s in the end.
        public var reconnect = Backoff.Policy(base: .milliseconds(250), cap: .seconds(5))
        /// After an absence of the whole cluster each client of a fleet waits for a random part of that
        /// time, but not longer than this, before it lists and claims. Default 12 s.
        public var spread: Duration = .seconds(12)
        /// The largest message that is taken from the server, in bytes. Default 64 MiB: a watch
        /// that replays a long history sends it in one.
        public var maximumMessageBytes = 64 * 1024 * 1024
        /// How often the files of ``tls`` are looked at, with jitter. Default 30 s.
        public var filesInterval: Duration = .seconds(30)
        /// Decides all jitter, and the first endpoint where that is drawn.
        public var seed: UInt64
        /// The threads on which the files of ``tls`` and of ``credentials`` are read.
        package var threads = BlockingThreads()

        /// A configuration with the defaults above.
        public init(
            endpoints: [EtcdEndpoint] = [.local],
            seed: UInt64 = .random(in: 0...UInt64.max)
        ) {
            self.endpoints = endpoints
            self.seed = seed
        }
    }
}
