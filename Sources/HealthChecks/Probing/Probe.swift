package import Files
import NIOCore
import NIOPosix
import Network
import Registry

/// Looks once.
public protocol Probe: Sendable {
    /// Returns when what it looks at is well. Has no limit of its own in time: whoever runs it cancels it,
    /// and then it ends soon and leaves nothing behind.
    ///
    /// - Throws: ``ProbeFailure``, `.cancelled` among them.
    func run() async throws(ProbeFailure)
}

extension CheckKind {
    /// The probe that looks at it; `nil` for a unit, which is told from outside.
    ///
    /// - Parameter tools: What probes share; one for a program.
    public func probe(with tools: ProbeTools) -> (any Probe)? {
        switch self {
        case .unit: nil
        case .tcp(let target): TCPProbe(target, tools: tools)
        case .http(let check): HTTPProbe(check, tools: tools)
        case .exec(let check): ExecProbe(check)
        }
    }
}

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
