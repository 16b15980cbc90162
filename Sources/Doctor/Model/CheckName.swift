/// The checks, in the order in which they depend on each other. Alerts and runbooks name them: a name stays.
package enum CheckName: String, CaseIterable, Codable, Sendable {
    case configuration, user, directories, consumers, unit
    case reloadRights = "reload_rights"
    case dns, tcp, tls
    case etcdVersion = "etcd_version"
    case cluster, clock, latency, login, permissions, lease, watch
    case files, reloads, instance, ports

    /// The checks that have to pass before this one says anything. Each comes earlier in the order.
    var needs: [CheckName] {
        switch self {
        case .configuration, .user: []
        case .directories, .unit, .reloadRights: [.configuration, .user]
        case .consumers, .dns, .reloads, .instance, .ports: [.configuration]
        case .files: [.configuration, .directories]
        case .tcp: [.dns]
        case .tls: [.tcp]
        case .etcdVersion, .cluster, .clock: [.tls]
        case .latency, .login: [.cluster]
        case .permissions: [.login]
        case .lease, .watch: [.permissions]
        }
    }
}
