package import Files
import NIOCore
import NIOPosix
import Registry

/// The resources that all probes of a program share: event loops, name lookups, trusted authorities.
public struct ProbeTools: Sendable {
    let dialer: Dialer
    let trust: TrustStores

    /// Tools on the process's event loops, which gRPC uses too: no further threads.
    public init() { self.init(threads: BlockingThreads()) }

    /// The same, and the threads for what may hang: name servers, and the disk of certificates.
    package init(threads: BlockingThreads) {
        dialer = Dialer(
            group: MultiThreadedEventLoopGroup.singleton,
            names: NameLookup(threads: threads)
        )
        trust = TrustStores(threads: threads)
    }
}
