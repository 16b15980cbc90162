import Certificates
import Files
import NIOSSL
import Registry
import Synchronization

/// A cache of trusted authorities, read once for all checks that trust the same: the system's authorities
/// are a hundred and more, too many to read every second.
///
/// After a failed handshake they are read again, so a renewed authority is known by the next run; one that was
/// removed is trusted until then. They are read again as well when one of a file becomes valid or expires,
/// so that an expired one does not hide a renewed one: see ``TrustedAuthorities``.
final class TrustStores: Sendable {
    private struct Key: Hashable {
        var verifies: Bool
        var authorities: String?

        init(_ trust: TLSTrust) {
            verifies = trust.verifies
            authorities = trust.authorities
        }
    }

    /// The trusted authorities, as read at one time.
    struct Store: Sendable {
        let context: NIOSSLContext
        /// When the next authority becomes valid or expires; `nil` when none ever will.
        let changesAt: Int?

        /// Whether other authorities are valid by now.
        var isOutdated: Bool { changesAt.map { CertificateValidity.now >= $0 } ?? false }
    }

    private let stores = Mutex<[Key: Store]>([:])
    private let threads: BlockingThreads

    init(threads: BlockingThreads) {
        self.threads = threads
    }

    /// Returns the TLS context for connections with this trust. The files are read on a thread of their own, so a
    /// disk that hangs delays only the checks that need it.
    ///
    /// - Throws: ``ProbeFailure`` with `tls` when the file of authorities cannot be used, `cancelled`.
    func store(for trust: TLSTrust) async throws(ProbeFailure) -> Store {
        let key = Key(trust)
        let now = CertificateValidity.now
        if let store = stores.withLock({ $0[key] }), !store.isOutdated { return store }
        let file = trust.authorities ?? "the system's file of authorities"
        let thread = trust.authorities.map(threads.file) ?? threads.thread("certificates")
        let made = await thread.run {
            Result {
                let (configuration, changesAt) = try Self.configuration(trust, now)
                let context = try NIOSSLContext(configuration: configuration)
                return Store(context: context, changesAt: changesAt)
            }
        }
        switch made {
        case .success(let store)?:
            stores.withLock { $0[key] = store }
            return store
        case .failure(let failure as ProbeFailure)?: throw failure
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
        _ = stores.withLock { $0.removeValue(forKey: Key(trust)) }
    }

    private static func configuration(
        _ trust: TLSTrust,
        _ now: Int
    ) throws -> (TLSConfiguration, changesAt: Int?) {
        var configuration = TLSClientConfiguration.client(["http/1.1"])
        if !trust.verifies {
            configuration.certificateVerification = .none
        } else if let file = trust.authorities {
            let all = try NIOSSLCertificate.fromPEMFile(file)
            let authorities = TrustedAuthorities(all, now: now)
            guard !authorities.valid.isEmpty else {
                throw ProbeFailure(
                    .tls,
                    "no authority in \(file) is valid now: \(authorities.leftOutWords ?? "it is empty"); "
                        + "put the renewed one there"
                )
            }
            configuration.trustRoots = .certificates(authorities.valid.map(\.certificate))
            return (configuration, authorities.changesAt)
        } else {
            SystemAuthorities().trust(in: &configuration, now: now)
        }
        return (configuration, nil)
    }
}
