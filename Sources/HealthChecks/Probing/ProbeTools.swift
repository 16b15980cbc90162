import NIOCore
import NIOPosix

/// What all probes of a program share: event loops, name lookups under way, who is trusted over TLS.
public struct ProbeTools: Sendable {
    let dialer: Dialer
    let trust: TrustStores

    /// Tools on the process's event loops, which gRPC uses too: no further threads.
    public init() {
        dialer = Dialer(group: MultiThreadedEventLoopGroup.singleton, names: NameLookup())
        trust = TrustStores()
    }
}
