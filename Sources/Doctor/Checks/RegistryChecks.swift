import Configuration
import Daemon
import Etcd
import LocalServer
import Registry
import Texts

// What etcd lets the daemon's user do, and what it knows of the daemon.
extension Facts {
    /// `login`: etcd accepts who we are.
    func checkLogin() -> Finding {
        guard let configuration else { return .skipped("there is no configuration") }
        let etcd = configuration.etcd
        var problems: [Problem] = []
        if case .path(let path)? = etcd.passwordFile, let facts = paths[path], let user = daemonUser
        {
            problems += self.problems(ofFile: facts, "password_file", user, isSecret: true)
        }
        if let passwordTrouble {
            problems.append(
                .failed(passwordTrouble, "correct the file; it is read anew at each login")
            )
        }
        guard let session else {
            if !problems.isEmpty { return Finding("", problems, isBlocking: true) }
            return .skipped(sessionTrouble ?? "no endpoint is of any use", isBlocking: true)
        }
        if let refusal = session.reading, refusal.kind != .permission {
            // Why the password could not be read is said above.
            if refusal.message != passwordTrouble {
                problems.append(
                    .failed(
                        refusal.message,
                        refusal.kind == .login
                            ? "see username and password_file in discoveryd.conf(5), and 'etcdctl user get NAME'"
                            : "see the log of etcd"
                    )
                )
            }
            return Finding("", problems, isBlocking: true)
        }
        let who =
            if let name = etcd.username {
                "etcd accepts the user \(name)"
            } else if etcd.certFile != nil {
                "etcd accepts the client certificate"
            } else {
                "etcd asks for no user"
            }
        return Finding(who, problems, isBlocking: false)
    }

    /// `permissions`: exactly the keys that are needed may be read and written. A write is tried by a transaction
    /// that never holds, whose permissions etcd looks at all the same.
    func checkPermissions() -> Finding {
        guard let session, let configuration else {
            return .skipped(sessionTrouble ?? "etcd was not asked")
        }
        let user =
            configuration.etcd.username.map { "the user \($0)" } ?? "this host's user of etcd"
        let prefix = configuration.etcd.prefix.text
        if session.reading?.kind == .permission {
            return Finding(
                "",
                [
                    .failed(
                        "\(user) may not read \(prefix), and all of it is needed",
                        "etcdctl role grant-permission ROLE --prefix=true read \(prefix)"
                    )
                ]
            )
        }
        if !session.unwritable.isEmpty {
            let keys = session.unwritable
            let named = keys.prefix(4).joined(separator: ", ")
            let more = keys.count > 4 ? " and \(keys.count - 4) more" : ""
            let untried =
                session.untried > 0
                ? "; \(counted(session.untried, "key")) more were not tried" : ""
            // Not the service: that would be the instances of other hosts as well.
            let grants = keys.prefix(4).map {
                "etcdctl role grant-permission ROLE readwrite \($0)"
            }
            let rest = keys.count > 4 || session.untried > 0 ? "; and so for the others" : ""
            return Finding(
                "",
                [
                    .failed(
                        "\(user) may not write \(named)\(more)\(untried)",
                        grants.joined(separator: "; ") + rest
                    )
                ],
                isBlocking: false
            )
        }
        if let refusal = session.writing {
            return refusal.kind == .room
                ? Finding("may read \(prefix); writes were not tried, as etcd's database is full")
                : Finding(
                    "",
                    [
                        .warning(
                            "a write was not tried to the end: \(refusal.message)",
                            "see the log of etcd"
                        )
                    ]
                )
        }
        if session.untried > 0 {
            return Finding(
                "",
                [
                    .warning(
                        "whether \(user) may write \(counted(session.untried, "key")) of this host is not known: "
                            + "etcd did not answer for each",
                        "see the log of etcd, and 'etcdctl role get ROLE'"
                    )
                ]
            )
        }
        let count = configuration.services.count
        return Finding(
            "may read \(prefix)"
                + (count > 0 ? " and write the keys of \(counted(count, "service"))" : "")
        )
    }

    /// `lease`: the daemon's lease lives in etcd, is kept alive and has its keys.
    func checkLease() -> Finding {
        guard let status = daemon.status else { return .skipped(noDaemon) }
        guard let configuration else { return .skipped("there is no configuration") }
        if let other = otherEtcd { return .skipped(other) }
        guard let name = status.lease else {
            if configuration.services.isEmpty {
                return Finding("none is needed: no services are registered")
            }
            return Finding(
                "",
                [
                    .failed(
                        "the daemon has no lease, so nothing is registered: "
                            + (status.etcdError ?? "it is asking etcd for one"),
                        "see the checks of etcd above, and 'discoveryd status'"
                    )
                ]
            )
        }
        guard let asked = session?.lease else {
            return .skipped("etcd was not asked for the lease")
        }
        guard let lease = asked else {
            return Finding(
                "",
                [
                    .failed(
                        "etcd does not know the daemon's lease \(name)",
                        "the daemon takes another within a moment; if this stays, see 'journalctl -u discoveryd'"
                    )
                ]
            )
        }
        let (granted, left) = (lease.granted.components.seconds, lease.remaining.components.seconds)
        let registered = status.services.filter { $0.status == "registered" }.count
        var problems: [Problem] = []
        if left * 4 < granted {
            problems.append(
                .warning(
                    "the lease \(name) has \(left) s left of \(granted) s: keep-alives do not arrive",
                    "see 'latency', and whether the daemon gets processor time"
                )
            )
        }
        if let keys = lease.keys, keys < registered {
            problems.append(
                .failed(
                    "the lease \(name) has \(counted(keys, "key")), and \(counted(registered, "instance")) should be under it",
                    "if this stays, somebody deletes or overwrites the keys: see 'instance'"
                )
            )
        }
        let keys = lease.keys.map { ", \(counted($0, "key"))" } ?? ""
        return Finding("\(name): \(left) s left of \(granted) s\(keys)", problems)
    }

    /// `watch`: etcd says at once where a watch stands, and the daemon's list is as new as the prefix.
    func checkWatch() -> Finding {
        guard let session else { return .skipped(sessionTrouble ?? "etcd was not asked") }
        if let refusal = session.watching {
            return Finding(
                "",
                [
                    .failed(
                        "a watch is refused: \(refusal.message)",
                        "see 'permissions', and the log of etcd"
                    )
                ]
            )
        }
        var problems: [Problem] = []
        if session.progress == nil {
            problems.append(
                .warning(
                    "a watch is not told within 3 s where it stands: perhaps a proxy is in between (etcd grpc-proxy does "
                        + "not pass it on)",
                    "connect to the members themselves; the daemon works all the same, and lists more often"
                )
            )
        }
        let answer = session.progress.map {
            "a watch answers in \($0 / .milliseconds(1) < 1 ? "under 1" : "\(Int($0 / .milliseconds(1)))") ms"
        }
        guard let status = daemon.status else {
            return Finding([answer, noDaemon].compactMap { $0 }.joined(separator: "; "), problems)
        }
        if let other = otherEtcd {
            return Finding([answer, other].compactMap { $0 }.joined(separator: "; "), problems)
        }
        if let newest = session.newest, newest > (status.revision ?? 0) {
            problems.append(
                .failed(
                    "the daemon's list is of revision \(status.revision ?? 0), and \(configuration?.etcd.prefix.text ?? "the prefix") "
                        + "changed at \(newest)",
                    "see list_error in 'discoveryd status' and the log; 'systemctl restart discoveryd' lists anew"
                )
            )
        } else if ["stale", "degraded"].contains(status.state) {
            problems.append(
                .warning(
                    "the daemon's list is \(status.state)"
                        + (status.listError.map { ": \($0)" } ?? ""),
                    "see 'discoveryd status'"
                )
            )
        }
        let revision =
            status.revision.map { "the daemon's list is of revision \($0)" } ?? "no list yet"
        let sync = status.lastSync.map { ", read whole at \($0)" } ?? ""
        return Finding(
            [answer, "\(revision)\(sync)"].compactMap { $0 }.joined(separator: "; "),
            problems
        )
    }

    /// That the daemon is connected to an etcd that is not the one of the configuration, which has changed since then;
    /// `nil` when it is.
    private var otherEtcd: String? {
        guard let used = daemon.status?.etcd, let known = configuration?.etcd.endpoints,
            !known.contains(where: { $0.description == used })
        else { return nil }
        return
            "the daemon is connected to \(used), which the configuration does not name: it has changed since the "
            + "daemon read it"
    }

    /// Why nothing is known of the daemon's own view.
    var noDaemon: String {
        switch daemon.trouble {
        case .notPermitted?:
            "\(me.name) may not ask the daemon: be root or a member of the socket's group"
        case .noAnswer?: "the daemon does not answer at \(daemon.socket)"
        case .otherProtocol?: "another version of discoveryd is running"
        case .notRunning?, nil: "no daemon runs here"
        }
    }
}
