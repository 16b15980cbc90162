package import Configuration
package import Etcd
import Registry
import Texts

/// Everything that the checks look at, gathered before any of them judges.
package struct Facts: Sendable {
    /// When they were gathered, in seconds since 1970 by this host's clock.
    package var now: Int

    // MARK: the configuration

    /// The main file.
    package var configurationPath = "/etc/discoveryd.conf"
    package var files: [String] = []
    /// The faults that keep it, or an output of it, from being used.
    package var faults: [String] = []
    package var warnings: [String] = []
    /// `nil` when it cannot be used at all.
    package var configuration: Configuration?
    package var hostname = "localhost"
    /// The name that this host signs its records with; `nil` when it has no machine id.
    package var owner: String?

    // MARK: the host

    /// The user who runs doctor.
    package var me = UserFacts(name: "root", id: 0, groups: [0])
    /// The user that the daemon runs as: that of its loaded unit, else that of its process. `nil` where this host
    /// has no such user, or nothing says who it is.
    package var daemonUser: UserFacts?
    /// The name of that user, as the unit has it.
    package var daemonUserName = "_discoveryd"
    package var unit = UnitFacts()
    /// What was looked at, by path; one whose file system did not answer in time is missing.
    package var paths: [String: PathFacts] = [:]
    /// Where the daemon keeps what the next run needs, and what others read.
    package var stateDirectory = "/var/lib/discoveryd"
    package var runtimeDirectory = "/run/discoveryd"
    /// What is wrong with the directory in which an output is staged, by the path of the output.
    package var staging: [String: String] = [:]
    /// The names of groups that stand in ``paths``.
    package var groupNames: [UInt32: String] = [:]
    /// Who reads an output, by its path.
    package var readers: [String: AssumedReader] = [:]
    /// Whether the daemon's process may have a unit reloaded, by the unit.
    package var reloadRights: [String: Asked] = [:]
    /// Whether a HAProxy takes changes at its socket, by the path of that.
    package var sockets: [String: Asked] = [:]
    /// Where a program of the configuration is, by its name; `nil` inside when it is nowhere.
    package var programs: [String: PathFacts?] = [:]
    package var listeners: [Listener] = []
    /// The addresses of this host.
    package var addresses: Set<String> = []
    package var processes: [DaemonProcessFacts] = []
    /// Whether ``me`` and ``daemonUser``, ``listeners``, and ``processes`` were told in time.
    package var (areUsersKnown, areListenersKnown, areProcessesKnown) = (true, true, true)

    // MARK: etcd

    package var endpoints: [MemberExamination] = []
    /// Why whoever asks cannot connect as the daemon does: files that they may not read.
    package var blindness: String?
    /// What keeps the files of TLS from being used, in the daemon's own words.
    package var fileTroubles: [String] = []
    /// What is left out of them, while the rest is used.
    package var fileWarnings: [String] = []
    /// What is wrong with the password's.
    package var passwordTrouble: String?
    /// Until when our own certificate is valid.
    package var ownCertificate: MemberExamination.ShownCertificate?
    /// `nil` when no endpoint was of any use, or the files cannot be read by us.
    package var session: SessionFacts?
    /// Why there is no session though there is an endpoint.
    package var sessionTrouble: String?

    // MARK: the daemon

    package var daemon = DaemonFacts()

    /// Facts of nothing yet.
    package init(now: Int) {
        self.now = now
    }
}

/// The user that is taken to read an output, and why.
package struct AssumedReader: Hashable, Sendable {
    /// `nil` when this host has no such user.
    package var user: UserFacts?
    package var name: String
    /// `User= of nginx.service`.
    package var reason: String

    package init(_ user: UserFacts?, name: String, reason: String) {
        self.user = user
        self.name = name
        self.reason = reason
    }
}

extension Facts {
    /// What a check says of the endpoints whose trouble is at its step, and whether all are in trouble by then.
    func troubles(at step: MemberExamination.Step) -> (here: [MemberExamination], isAll: Bool) {
        let here = endpoints.filter { $0.trouble?.step == step }
        let upToHere = endpoints.filter {
            ($0.trouble?.step ?? .answer) <= step && $0.trouble != nil
        }
        return (here, !endpoints.isEmpty && upToHere.count == endpoints.count)
    }

    /// Those that were not in trouble before or at a step.
    func endpoints(beyond step: MemberExamination.Step) -> [MemberExamination] {
        endpoints.filter { ($0.trouble?.step ?? .answer) > step || $0.trouble == nil }
    }

    /// The daemon's user, or whoever asks where there is none.
    var actor: UserFacts { daemonUser ?? me }

    /// Whether the daemon answers.
    var isRunning: Bool { daemon.status != nil }
}

/// `1 endpoint`, `2 endpoints`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// The directory of a path.
func directory(of path: String) -> String {
    let end = path.lastIndex(of: "/") ?? path.startIndex
    return end == path.startIndex ? "/" : String(path[..<end])
}
