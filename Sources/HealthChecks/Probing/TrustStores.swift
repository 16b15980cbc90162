import NIOSSL
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

    /// The context for connections with this trust.
    ///
    /// - Throws: ``ProbeFailure`` with `tls` when the file of authorities cannot be used.
    func context(for trust: TLSTrust) throws(ProbeFailure) -> NIOSSLContext {
        do {
            return try contexts.withLock { contexts in
                if let context = contexts[Key(trust)] { return context }
                let context = try NIOSSLContext(configuration: Self.configuration(trust))
                contexts[Key(trust)] = context
                return context
            }
        } catch {
            let file = trust.authorities ?? "the system's file of authorities"
            throw ProbeFailure(
                .tls,
                "\(file) cannot be used; it must be PEM certificates that the daemon's user can read",
                cause: "\(error)"
            )
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
