import Configuration
import Texts

// The configuration, and the user that the daemon runs as.
extension Facts {
    /// `configuration`: it can be read, has no faults, and this host has an identity.
    func checkConfiguration() -> Finding {
        var problems = faults.map { fault in
            Problem.failed(
                fault,
                "correct it, see discoveryd.conf(5); then 'discoveryd check' and 'systemctl reload discoveryd'"
            )
        }
        if owner == nil {
            problems.append(
                .failed(
                    "this host has no machine id, with which its records are signed",
                    "run systemd-machine-id-setup; see machine-id(5)"
                )
            )
        }
        problems += warnings.map { .warning($0, "see discoveryd.conf(5) for what it does") }
        guard let configuration else {
            return Finding("\(configurationPath) cannot be used", problems, isBlocking: true)
        }
        let read =
            files.isEmpty
            ? "there is no \(configurationPath), all is default"
            : files[0]
                + (files.count > 1 ? " and \(counted(files.count - 1, "more file"))" : "")
        return Finding(
            "\(read): \(counted(configuration.services.count, "service")), "
                + counted(configuration.outputs.count, "output"),
            problems,
            isBlocking: false
        )
    }

    /// `user`: the user of the unit is there.
    func checkUser() -> Finding {
        let asked =
            me.id == 0
            ? "" : "; \(me.name) asks, who may not see all: run this as root for the rest"
        guard areUsersKnown else {
            return .skipped(
                "the users of this host are not told in time, see nsswitch.conf(5)",
                isBlocking: true
            )
        }
        guard let daemonUser else {
            guard unit.isLoaded else {
                let why =
                    unit.properties == nil
                    ? "systemd cannot be asked" : "no \(unit.name) is loaded here"
                return Finding("\(why), so the daemon is taken to run as \(me.name)")
            }
            return Finding(
                "",
                [
                    .failed(
                        "the user \(daemonUserName) that \(unit.name) runs as does not exist, or a group of it",
                        "run systemd-sysusers, or correct User=, Group= and SupplementaryGroups= with "
                            + "'systemctl edit discoveryd'"
                    )
                ]
            )
        }
        return Finding("the daemon runs as \(daemonUser.name) (uid \(daemonUser.id))\(asked)")
    }
}
