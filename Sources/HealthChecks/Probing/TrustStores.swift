import NIOSSL
import Registry
import Synchronization

/// Who is trusted, read once for all checks that trust the same: the system's authorities are a
/// hundred and more, too many to read every second.
///
/// After a failed handshake they are read anew, so a renewed authority is known by the next run. One
/// that was taken away is trusted until then.
final class TrustStores: Sendable {
    private struct Key: Hashable {
        var verifies: Bool
        var authorities: String?

        init(_ trust: TLSTrust) {
            verifies = trust.verifies
            authorities = trust.authorities
        }
    }

    private let contexts = Mutex<[Key: NIOSSLContext]>([:])
    private let threads: BlockingThreads

    init(threads: BlockingThreads) {
        self.threads = threads
    }

    /// The context for connections with this trust. The files are read on a thread of their own: of a disk that
    /// hangs no more is asked than its checks ask.
    ///
    /// - Throws: ``ProbeFailure`` with `tls` when the file of authorities cannot be used, `cancelled`.
    func context(for trust: TLSTrust) async throws(ProbeFailure) -> NIOSSLContext {
        let key = Key(trust)
        if let context = contexts.withLock({ $0[key] }) { return context }
        let file = trust.authorities ?? "the system's file of authorities"
        let thread = trust.authorities.map(threads.file) ?? threads.thread("certificates")
        let made = await thread.run {
            Result { try NIOSSLContext(configuration: Self.configuration(trust)) }
        }
        switch made {
        case .success(let context)?:
            contexts.withLock { $0[key] = context }
            return context
        case .failure(let error)?:
            throw ProbeFailure(
                .tls,
                "\(file) cannot be used; it must be PEM certificates that the daemon's user can read",
                cause: "\(error)"
            )
        case nil where Task.isCancelled: throw .cancelled
        case nil:
            throw ProbeFailure(.other, "\(file) is not read: the system has no thread for it")
        }
    }

    /// Has the files read anew by the next run.
    func forget(_ trust: TLSTrust) {
        _ = contexts.withLock { $0.removeValue(forKey: Key(trust)) }
    }

    private static func configuration(_ trust: TLSTrust) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if !trust.verifies {
            configuration.certificateVerification = .none
        } else if let file = trust.authorities {
            configuration.trustRoots = .file(file)
        }
        return configuration
    }
}
