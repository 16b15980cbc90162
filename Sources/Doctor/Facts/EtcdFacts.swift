package import Etcd

/// The answers of etcd to requests like the daemon's, made as the daemon's user of etcd.
package struct SessionFacts: Sendable {
    /// A request that was refused, or not answered.
    package struct Refusal: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            /// The user or the certificate is not accepted.
            case login
            /// The user may not do it.
            case permission
            /// Too large, or there is no room.
            case room
            /// Anything else.
            case other
        }

        package var kind: Kind
        package var message: String

        package init(_ kind: Kind, _ message: String) {
            self.kind = kind
            self.message = message
        }

        package init(_ error: EtcdError) {
            let kind: Kind =
                switch error.code {
                case .unauthenticated, .unusableFile: .login
                case .permissionDenied: .permission
                case .resourceExhausted: .room
                default: .other
                }
            self.init(kind, error.message)
        }
    }

    /// A lease as etcd knows it.
    package struct Lease: Hashable, Sendable {
        package var granted: Duration
        package var remaining: Duration
        /// How many keys are under it; `nil` where we may not know.
        package var keys: Int?

        package init(granted: Duration, remaining: Duration, keys: Int?) {
            self.granted = granted
            self.remaining = remaining
            self.keys = keys
        }
    }

    /// A record at a key of ours.
    package struct OwnRecord: Hashable, Sendable {
        package var key: String
        /// The host that wrote it, where it says so.
        package var owner: String?
        /// The lease that it is under.
        package var lease: Int64

        package init(key: String, owner: String?, lease: Int64) {
            self.key = key
            self.owner = owner
            self.lease = lease
        }
    }

    /// Why the prefix was not read; `nil` when it was.
    package var reading: Refusal?
    /// How many keys are under the prefix, and where the cluster stood.
    package var keys = 0
    package var revision: Int64 = 0
    /// The revision of the last change under the prefix, where it is later than the daemon's list was.
    package var newest: Int64?
    /// The keys that may not be written, of those that this host needs.
    package var unwritable: [String] = []
    /// How many of those keys were not tried, or not answered for.
    package var untried = 0
    /// Why a write was not tried to the end.
    package var writing: Refusal?
    /// The daemon's lease: absent when there is no daemon to name it, `nil` inside when etcd does not know it.
    package var lease: Lease??
    package var records: [OwnRecord] = []
    /// How long a watch took to answer where it stands; `nil` when it did not.
    package var progress: Duration?
    /// Why there was no watch.
    package var watching: Refusal?

    package init() {}
}
