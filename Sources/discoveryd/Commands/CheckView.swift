import Glibc
import Systemd

/// Through whose eyes `discoveryd check` looks: what may be read and written depends on the user.
enum CheckView: Equatable {
    /// Those of the user that the daemon runs as.
    case daemon
    /// Those of another user than the one of that name.
    case other(than: String)
    /// Root's, who may do everything, as no other user is known.
    case root

    /// Takes on the user of the unit where we may.
    ///
    /// - Parameter settings: Those of the unit; `nil` when there is none, and then the user is the usual one.
    static func taken(_ settings: ServiceSettings?) -> CheckView {
        var assumed = ServiceSettings()
        assumed.user = UnitUser.standardName
        guard let user = UnitUser(of: settings ?? assumed) else {
            // Whoever tries it without the unit runs the daemon as well.
            return geteuid() == 0 ? .root : .daemon
        }
        if geteuid() == user.id { return .daemon }
        guard geteuid() == 0, user.become() else { return .other(than: user.name) }
        return .daemon
    }

    /// Whether secrets can be looked at as the daemon would.
    var seesSecrets: Bool {
        if case .other = self { false } else { true }
    }

    /// What is said of what is not checked.
    var note: String? {
        switch self {
        case .daemon: nil
        case .other(let name):
            "not checked: what \(name), the user that discoveryd runs as, may read and write; run this as "
                + "root to have it checked"
        case .root:
            "not checked: what the user that discoveryd runs as may read and write; there is no user "
                + "\(UnitUser.standardName) here, and this is root, who may do everything"
        }
    }
}
