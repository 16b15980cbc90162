import Configuration
import Etcd
import Texts

// Each endpoint of etcd, step by step. One that fails is a warning while another serves.
extension Facts {
    /// `dns`: the names of the endpoints have addresses.
    func checkNames() -> Finding {
        let (troubled, isAll) = troubles(at: .name)
        let problems = self.problems(of: troubled, isAll: isAll) { _ in
            "correct [etcd] endpoints, or the name at the name servers; see 'getent ahosts NAME'"
        }
        let named = endpoints.filter { $0.endpoint.host.family == .name && !$0.addresses.isEmpty }
        let words = named.map { one in
            "\(one.endpoint.host) is \(one.addresses.prefix(4).map(\.text).joined(separator: ", "))"
        }
        return Finding(
            words.isEmpty ? "the endpoints are given by address" : words.joined(separator: "; "),
            problems
        )
    }

    /// `tcp`: they take connections.
    func checkConnections() -> Finding {
        let (troubled, isAll) = troubles(at: .connection)
        let problems = self.problems(of: troubled, isAll: isAll) { _ in
            "see whether etcd runs there and listens at that address ('ss -ltn'), and whether a firewall is in between"
        }
        let reached = endpoints(beyond: .connection)
        return Finding("\(list(reached)) can be reached", problems)
    }

    /// `tls`: both sides accept each other's certificates, which are valid for a while yet.
    func checkSecurity() -> Finding {
        if let blindness { return .skipped(blindness, isBlocking: true) }
        let (troubled, isAll) = troubles(at: .security)
        var problems = self.problems(of: troubled, isAll: isAll) { _ in
            "see 'openssl s_client -connect HOST:PORT', and ca_file, cert_file, key_file and server_name in "
                + "discoveryd.conf(5)"
        }
        let isSecure = endpoints.contains { $0.endpoint.scheme == .https }
        // Said once where the connection says it as well.
        for trouble in fileTroubles
        where !troubled.contains(where: { $0.trouble?.message == trouble }) {
            problems.append(.failed(trouble, "correct the file; it is read anew by itself"))
        }
        problems += fileWarnings.map { .warning($0, "remove it from ca_file, or renew it") }
        problems += problemsOfSecretFiles
        let blocked = isAll
        guard isSecure else {
            return Finding(
                "not used: the endpoints are http://, so nothing is encrypted and nobody proves who they are",
                problems,
                isBlocking: blocked
            )
        }
        var words: [String] = []
        for endpoint in endpoints {
            guard let shown = endpoint.certificate else { continue }
            let names = shown.names.prefix(Self.namesShown).joined(separator: ", ")
            let more = shown.names.count > Self.namesShown ? ", ..." : ""
            words.append(
                "\(endpoint.endpoint): \(daysLeft(shown)) days left, for \(names.isEmpty ? "its subject" : names)\(more)"
            )
            if let problem = expiry(shown, "the certificate of \(endpoint.endpoint)") {
                problems.append(problem)
            }
        }
        if let own = ownCertificate {
            words.append("our own: \(daysLeft(own)) days left")
            if let problem = expiry(own, "our own certificate (cert_file)") {
                problems.append(problem)
            }
        }
        return Finding(
            words.isEmpty ? "the certificates are accepted" : words.joined(separator: "; "),
            problems,
            isBlocking: blocked
        )
    }

    private static let namesShown = 6

    /// Whether the daemon's user can read what the connection and the login need, and nobody else the secrets.
    private var problemsOfSecretFiles: [Problem] {
        guard let etcd = configuration?.etcd, let user = daemonUser else { return [] }
        var problems: [Problem] = []
        let files = [
            ("ca_file", etcd.caFile), ("cert_file", etcd.certFile), ("key_file", etcd.keyFile),
        ]
        for (setting, place) in files {
            // Credentials are given to the unit by systemd, whoever may read the file.
            guard case .path(let path)? = place, let facts = paths[path] else { continue }
            problems += self.problems(ofFile: facts, setting, user, isSecret: setting == "key_file")
        }
        return problems
    }

    /// Finds faults in the rights of a file that the daemon reads.
    func problems(
        ofFile facts: PathFacts,
        _ setting: String,
        _ user: UserFacts,
        isSecret: Bool
    ) -> [Problem] {
        if let step = facts.refusal(of: user, .read) {
            return [
                .failed(
                    "\(setting): \(user.name) cannot read \(facts.path): \(step.path) has \(step.words)",
                    step.path == facts.target?.path
                        ? "setfacl -m u:\(user.name):r \(step.path), or name it by LoadCredential= of the unit, see "
                            + "discoveryd.conf(5)"
                        : "name it by LoadCredential= of the unit, see discoveryd.conf(5), or let \(user.name) pass: "
                            + "setfacl -m u:\(user.name):x \(step.path)"
                )
            ]
        }
        guard isSecret, let target = facts.target, target.mode & 0o004 != 0,
            // Whoever cannot pass the directories does not read it either.
            facts.refusal(of: UserFacts(name: "nobody", id: 65534, groups: [65534]), .read) == nil
        else { return [] }
        var closed = facts
        closed.steps[closed.steps.count - 1].mode &= ~0o004
        // The daemon may be one of those who read it as everybody can.
        let isOurs = closed.refusal(of: user, .read) == nil
        return [
            .warning(
                "\(setting): everybody on this host can read \(facts.path)",
                (isOurs ? "" : "setfacl -m u:\(user.name):r \(facts.path), then ")
                    + "chmod o-r \(facts.path)"
            )
        ]
    }

    private func daysLeft(_ shown: MemberExamination.ShownCertificate) -> Int {
        max(0, shown.ends - now) / 86_400
    }

    /// A certificate that is used to its last days is one that nobody renews: two weeks, or a fifth of its life where
    /// that is shorter.
    private func expiry(_ shown: MemberExamination.ShownCertificate, _ name: String) -> Problem? {
        let left = shown.ends - now
        let early = min(14 * 86_400, (shown.ends - shown.begins) / 5)
        if left <= 0 { return .failed("\(name) has expired", "renew it") }
        guard left < early else { return nil }
        let words = left < 2 * 86_400 ? "\(left / 3600) hours" : "\(left / 86_400) days"
        return .warning(
            "\(name) expires in \(words)",
            "renew it, and see why that was not done by itself"
        )
    }

    /// `etcd_version`: no version is too old, and none has a fault that matters here.
    func checkVersions() -> Finding {
        var problems: [Problem] = []
        var (known, isUnknown): ([String], Bool) = ([], false)
        for endpoint in endpoints {
            guard let text = endpoint.answer?.version else { continue }
            guard let version = EtcdVersion(text) else {
                isUnknown = true
                continue
            }
            known.append(text)
            if version < .oldest {
                problems.append(
                    .failed(
                        "\(endpoint.endpoint) runs etcd \(version), which is older than 3.4",
                        "upgrade it: discoveryd needs 3.4 or newer"
                    )
                )
            } else if let fault = version.fault {
                problems.append(
                    .warning(
                        "\(endpoint.endpoint) runs etcd \(version), in which \(fault.what)",
                        "upgrade it to \(fault.mendedIn) or newer"
                    )
                )
            }
        }
        let different = Set(known).sorted()
        if known.isEmpty {
            return .skipped(
                isUnknown ? "etcd tells its version to users only" : "no endpoint told its version"
            )
        }
        let note =
            different.contains { $0.hasPrefix("3.4.") }
            ? " (3.4 is no longer maintained by etcd itself)" : ""
        return Finding("etcd \(different.joined(separator: ", "))\(note)", problems)
    }

    /// `cluster`: they are members of one cluster, each in touch with its leader, and there is no alarm.
    func checkCluster() -> Finding {
        let (silent, isAllSilent) = troubles(at: .answer)
        var problems = self.problems(of: silent, isAll: isAllSilent) { _ in
            "see the log of that etcd ('journalctl -u etcd'): is it in touch with its cluster, does its disk hang?"
        }
        let answers = endpoints.compactMap { one in one.answer.map { (one, $0) } }
        let leaderless = answers.filter { $0.1.leader == 0 }
        let learners = answers.filter(\.1.isLearner)
        let useful = answers.filter { $0.1.leader != 0 && !$0.1.isLearner && $0.0.trouble == nil }
        for (one, _) in leaderless {
            problems.append(
                problem(
                    useful.isEmpty,
                    "\(one.endpoint) has no leader: it is cut off from the rest of its cluster",
                    "start the other members, or mend the network between them; most have to be there"
                )
            )
        }
        for (one, _) in learners {
            problems.append(
                problem(
                    useful.isEmpty,
                    "\(one.endpoint) is a learner, which serves no clients",
                    "remove it from [etcd] endpoints, or 'etcdctl member promote' it"
                )
            )
        }
        problems += mixture(answers.map { ($0.0.endpoint, $0.1.cluster) })
        problems += Set(answers.flatMap(\.1.errors)).sorted().compactMap(alarm)
        let words =
            "\(counted(useful.count, "endpoint")) of one cluster"
            + (useful.first.map { " (\(hexadecimal($0.1.cluster)))" } ?? "")
            + ", with a leader and no alarms"
        return Finding(words, problems, isBlocking: useful.isEmpty)
    }

    private func mixture(_ answers: [(endpoint: EtcdEndpoint, cluster: UInt64)]) -> [Problem] {
        let known = answers.filter { $0.cluster != 0 }
        guard Set(known.map(\.cluster)).count > 1 else { return [] }
        let words = known.map { "\($0.endpoint) of \(hexadecimal($0.cluster))" }
        return [
            .failed(
                "the endpoints belong to several clusters: \(words.joined(separator: ", "))",
                "list the endpoints of one cluster only: this host's registry changes with the one that is connected"
            )
        ]
    }

    private func alarm(_ words: String) -> Problem? {
        if words.contains("NOSPACE") {
            return .failed(
                "etcd's database is full (alarm NOSPACE): it takes no writes",
                "compact and defragment it, then 'etcdctl alarm disarm'; see its --quota-backend-bytes"
            )
        }
        if words.contains("CORRUPT") {
            return .failed(
                "etcd has found its data to differ between members (alarm CORRUPT)",
                "see etcd's \"Data corruption\" guide; replace that member"
            )
        }
        // That there is no leader is said above.
        guard !words.contains("no leader") else { return nil }
        return .warning("etcd says: \(words)", "see the log of etcd")
    }

    /// `clock`: this host's and etcd's agree to a few seconds.
    func checkClock() -> Finding {
        let known = endpoints.compactMap { one in one.clockAhead.map { (one.endpoint, $0) } }
        guard !known.isEmpty else {
            return .skipped(
                "no endpoint serves /version over HTTP/1.1, whose Date would tell its clock"
            )
        }
        let source = "by the Date of its /version"
        let problems = known.filter { abs($0.1) >= Self.clockLimit }.map { endpoint, ahead in
            Problem.warning(
                "this host's clock is \(abs(ahead)) s \(ahead > 0 ? "behind" : "ahead of") that of \(endpoint), \(source)",
                "synchronize both by NTP (timedatectl): certificates and the times in logs depend on it"
            )
        }
        let worst = known.map { abs($0.1) }.max() ?? 0
        return Finding("differs from etcd's by \(worst) s at most, \(source)", problems)
    }

    /// The skew that is said, in seconds; the answer's Date has no fractions.
    private static let clockLimit = 5

    /// `latency`: reads are answered fast for the time to live of the lease.
    func checkLatency() -> Finding {
        let measured = endpoints.compactMap { one -> (EtcdEndpoint, Duration)? in
            guard !one.roundTrips.isEmpty else { return nil }
            return (one.endpoint, one.roundTrips.sorted()[one.roundTrips.count / 2])
        }
        guard !measured.isEmpty else { return .skipped("no endpoint answered a read") }
        let ttl = configuration?.lease.ttl ?? .seconds(10)
        let limit = ttl / 20
        let problems = measured.filter { $0.1 > limit }.map { endpoint, trip in
            Problem.warning(
                "a read takes \(milliseconds(trip)) ms at \(endpoint) (median), more than a twentieth of [lease] ttl",
                "see etcd's disk (etcd_disk_wal_fsync_duration_seconds) and the network, or raise ttl"
            )
        }
        let words = measured.map { "\($0.0) \(milliseconds($0.1)) ms" }
        return Finding("median of reads: \(words.joined(separator: ", "))", problems)
    }

    private func milliseconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(1)) * 10)
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : "\(tenths / 10)"
    }

    // MARK: in common

    private func list(_ some: [MemberExamination]) -> String {
        some.map { "\($0.endpoint)" }.joined(separator: ", ")
    }

    private func problems(
        of some: [MemberExamination],
        isAll: Bool,
        _ remedy: (MemberExamination) -> String
    ) -> [Problem] {
        some.map { one in
            problem(isAll, "\(one.endpoint): \(one.trouble?.message ?? "")", remedy(one))
        }
    }

    private func problem(_ isFailure: Bool, _ sentence: String, _ remedy: String) -> Problem {
        isFailure ? .failed(sentence, remedy) : .warning(sentence, remedy)
    }
}
