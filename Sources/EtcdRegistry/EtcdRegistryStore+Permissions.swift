import Etcd
import Registry

// What etcd does not allow, in words with which an administrator can mend it: etcd itself names neither the user
// nor the keys.
extension EtcdRegistryStore {
    /// What was to be done with keys.
    enum Access {
        /// Read, or watch, all keys under a prefix.
        case read(RegistryPrefix)
        /// Compare and write these keys.
        case write([String])
    }

    /// What an error of the client means to the registry.
    func failure(_ error: EtcdError, of access: Access?) -> StoreError {
        guard error.code == .permissionDenied, let access else { return StoreError(error) }
        let user =
            client.configuration.credentials.map { "user \($0.username)" }
            ?? "the user that the client certificate names"
        let grant = "etcdctl role grant-permission ROLE --prefix=true"
        let sentence =
            switch access {
            case .read(let prefix):
                "\(user) may not read \(prefix) (all of it is needed): \(grant) read \(prefix)"
            case .write(let keys):
                "\(user) may not read and write \(keys.joined(separator: " and ")): "
                    + Set(keys.map(Self.directory)).sorted()
                    .map { "\(grant) readwrite \($0)" }.joined(separator: "; ")
            }
        return StoreError(.refused, sentence, cause: error)
    }

    private static func directory(of key: String) -> String {
        key.lastIndex(of: "/").map { String(key[...$0]) } ?? key
    }
}

extension Claim {
    /// All keys that it compares and writes.
    var keys: [String] { [key] + companions.map(\.key) }
}
