import Configuration
import EndpointFiles
import Foundation
import LocalServer
import Registry
import Testing

@testable import Doctor

@Suite struct HostCheckTests {
    /// The one check that is troubled, with its sentence.
    private func only(
        _ name: CheckName,
        _ verdict: Verdict = .failed,
        skipping skipped: Set<CheckName> = [],
        _ change: (inout Facts) throws -> Void
    ) throws -> Problem? {
        let troubled = try healthyFacts(change).troubled
        #expect(Set(troubled.keys) == skipped.union([name]), "\(troubled)")
        #expect(troubled[name]?.verdict == verdict, "\(troubled)")
        for other in skipped { #expect(troubled[other]?.verdict == .skipped, "\(troubled)") }
        return troubled[name]?.problems.first
    }

    @Test func aFaultyConfigurationLeavesOnlyTheUser() throws {
        let facts = try healthyFacts { facts in
            facts.configuration = nil
            facts.faults = ["/etc/discoveryd.conf:3: port: must be 1 to 65535"]
        }
        let found = Diagnosis(facts)
        #expect(
            found[.configuration]?.sentence == "/etc/discoveryd.conf:3: port: must be 1 to 65535"
        )
        #expect(found[.user]?.verdict == .ok)
        #expect(
            found.findings.filter { $0.finding.verdict == .skipped }.count == CheckName.allCases
                .count - 2
        )
    }

    @Test func aUserThatDoesNotExistIsSaid() throws {
        let problem = try only(.user, skipping: [.directories, .unit, .reloadRights, .files]) {
            $0.daemonUser = nil
        }
        #expect(problem?.remedy.contains("systemd-sysusers") == true)
    }

    @Test func aDirectoryThatIsNotThereIsSaid() throws {
        let problem = try only(.directories, skipping: [.files]) { facts in
            facts.paths["/srv/lists"] = PathFacts(
                "/srv/lists",
                [.init("/"), .init("/srv")],
                errno: 2
            )
        }
        #expect(problem?.sentence == "/srv/lists does not exist")
        #expect(problem?.remedy == "install -d -o _discoveryd /srv/lists")
    }

    @Test func aDirectoryOfAnotherUserIsSaid() throws {
        let problem = try only(.directories, skipping: [.files]) { facts in
            facts.paths["/srv/lists"]?.steps[2].owner = 0
        }
        #expect(
            problem?.sentence
                == "/srv/lists is not writable for _discoveryd: owner 0, group 0, mode 0755"
        )
        // It may be /etc: whose it is stays.
        #expect(problem?.remedy.hasSuffix("install -d -o _discoveryd DIRECTORY") == true)
    }

    @Test func aDirectoryThatDoesNotAnswerIsSaid() throws {
        let problem = try only(.directories, skipping: [.files]) { $0.paths["/srv/lists"] = nil }
        #expect(
            problem?.sentence == "/srv/lists does not answer in time: its file system hangs"
        )
    }

    @Test func noRemedyTakesADirectoryFromOthersOrOpensItToThem() throws {
        let all: [Facts] = try [
            healthyFacts { $0.paths["/srv/lists"]?.steps[2].owner = 0 },
            healthyFacts { $0.paths["/srv/lists"]?.steps[1].mode = 0o700 },
            healthyFacts { $0.paths["/srv/lists/list.json"]?.steps[2].mode = 0o700 },
            healthyFacts { facts in
                facts.programs["probe"] = PathFacts(
                    "/srv/private/probe",
                    [
                        .init("/"), .init("/srv/private", mode: 0o700),
                        .init("/srv/private/probe", .file),
                    ]
                )
            },
        ]
        for facts in all {
            let remedies = facts.troubled.values.flatMap(\.problems).map(\.remedy)
            #expect(!remedies.isEmpty)
            for remedy in remedies {
                #expect(!remedy.contains("chown") && !remedy.contains("chmod"), "\(remedy)")
            }
        }
    }

    @Test func pathsOfTheSandboxAreTakenWithoutTheirLinks() throws {
        let facts = try healthyFacts { facts in
            var all = Dictionary(facts.unit.properties?.all.map { ($0.key, $0.value) } ?? []) { $1 }
            all["ReadWritePaths"] = "-/var/lists"
            facts.unit.properties = UnitProperties(all)
            // /var/lists is a link to /srv/lists.
            facts.paths["/var/lists"] = facts.paths["/srv/lists"]
        }
        #expect(facts.sandboxPaths.contains("/var/lists"))
        #expect(facts.troubled.isEmpty, "\(facts.troubled)")
    }

    @Test func aUnitOfADynamicUserSeesItsOwnDirectories() throws {
        let facts = try healthyFacts { facts in
            var all = Dictionary(facts.unit.properties?.all.map { ($0.key, $0.value) } ?? []) { $1 }
            all["DynamicUser"] = "yes"
            facts.unit.properties = UnitProperties(all)
            facts.paths["/var/lib/discoveryd"]?.steps = [
                .init("/"), .init("/var"), .init("/var/lib"),
                .init("/var/lib/private", mode: 0o700),
                .init("/var/lib/private/discoveryd", owner: 998),
            ]
        }
        #expect(facts.troubled.isEmpty, "\(facts.troubled)")
    }

    @Test func aDaemonWithoutItsUnitIsNotTakenForThePackagesUser() throws {
        let facts = try healthyFacts { facts in
            facts.unit.properties = UnitProperties(["LoadState": "not-found"])
            facts.daemonUser = nil
            facts.configuration?.metrics.listen = .tcp(host: "127.0.0.1", port: 9469)
            facts.listeners.append(Listener(.tcp, "127.0.0.1", 9469, user: 5000))
        }
        let found = facts.troubled
        #expect(Set(found.keys) == [.unit], "\(found)")
        #expect(found[.unit]?.sentence == "the daemon runs without a discoveryd.service")
    }

    @Test func rootsGroupIsNeverGivenToTheDaemon() throws {
        let problem = try only(.unit) { facts in
            facts.configuration?.outputs[0].runtime = "/run/haproxy/admin.sock"
            facts.sockets["/run/haproxy/admin.sock"] = .yes
            facts.groupNames[0] = "root"
            facts.paths["/run/haproxy/admin.sock"] = PathFacts(
                "/run/haproxy/admin.sock",
                [
                    .init("/"), .init("/run"), .init("/run/haproxy"),
                    .init("/run/haproxy/admin.sock", .socket, mode: 0o600),
                ]
            )
        }
        #expect(problem?.remedy.contains("SupplementaryGroups=root") == false)
        #expect(problem?.remedy.contains("'mode 660 group haproxy'") == true)
    }

    @Test func aScriptHasToBeReadByWhoRunsIt() throws {
        func program(_ isScript: Bool) -> PathFacts {
            var facts = PathFacts(
                "/usr/bin/probe",
                [
                    .init("/"), .init("/usr"), .init("/usr/bin"),
                    .init("/usr/bin/probe", .file, mode: 0o711),
                ]
            )
            facts.isScript = isScript
            return facts
        }
        let script = try only(.reloadRights) { $0.programs["probe"] = program(true) }
        #expect(script?.remedy == "chmod a+rx /usr/bin/probe")
        let binary = try healthyFacts { $0.programs["probe"] = program(false) }
        #expect(binary.troubled.isEmpty)
    }

    @Test func whatIsNotToldInTimeIsNotTakenForAbsent() throws {
        let users = try healthyFacts { facts in
            facts.areUsersKnown = false
            facts.daemonUser = nil
        }.troubled
        #expect(Set(users.keys) == [.user, .directories, .unit, .reloadRights, .files])
        #expect(users.values.allSatisfy { $0.verdict == .skipped }, "\(users)")
        let sockets = try healthyFacts { facts in
            facts.areListenersKnown = false
            facts.listeners = []
        }.troubled
        #expect(Set(sockets.keys) == [.ports] && sockets[.ports]?.verdict == .skipped)
        let processes = try healthyFacts { facts in
            facts.areProcessesKnown = false
            facts.processes = []
        }
        #expect(
            Diagnosis(processes)[.instance]?.sentence.hasPrefix(
                "the processes of this host are not told in time"
            ) == true
        )
    }

    @Test func aDaemonThatAcceptsAndNeverAnswersIsAFailureAlsoWithoutAUnit() throws {
        let found = try healthyFacts { facts in
            facts.unit.properties = nil
            facts.daemonUser = nil
            facts.daemon.status = nil
            facts.daemon.trouble = .noAnswer
        }.troubled
        #expect(found[.files]?.verdict == .failed, "\(found)")
    }

    @Test func aServiceThatTheDaemonItselfChecksIsNotWarnedOfByItsPort() throws {
        let facts = try healthyFacts { facts in
            facts.listeners = []
            facts.daemon.status = try status { json in
                json["services"] = [
                    [
                        "service": "web", "id": "web-1", "status": "unhealthy", "draining": false,
                        "health": "failing",
                    ] as [String: Any]
                ]
            }
        }
        #expect(facts.troubled[.ports] == nil, "\(facts.troubled)")
    }

    @Test func rootWithoutItsCapabilityIsHeldToTheModes() throws {
        var root = UserFacts(name: "root", id: 0, groups: [0])
        root.overridesRights = false
        let held = root
        let problem = try only(.directories, skipping: [.files]) { facts in
            facts.daemonUser = held
            facts.paths["/var/lib/discoveryd"]?.steps[3].owner = 0
            facts.paths["/run/discoveryd"]?.steps[2].owner = 0
        }
        #expect(problem?.sentence.hasPrefix("/srv/lists is not writable for root") == true)
    }

    @Test(arguments: [
        ("BindPaths", "/data:/srv/lists:rbind", false), ("BindPaths", "/data:/x:rbind", true),
    ])
    func whatIsBoundIntoTheSandboxIsWritable(_ key: String, _ value: String, _ fails: Bool) throws {
        let facts = try healthyFacts { facts in
            var all = Dictionary(facts.unit.properties?.all.map { ($0.key, $0.value) } ?? []) { $1 }
            all["ReadWritePaths"] = ""
            all[key] = value
            facts.unit.properties = UnitProperties(all)
        }
        #expect((facts.troubled[.unit] != nil) == fails, "\(facts.troubled)")
    }

    @Test func homesThatAreReadOnlyAreReadAndNotWritten() throws {
        func facts(_ value: String) throws -> Facts {
            try healthyFacts { facts in
                var all = Dictionary(
                    facts.unit.properties?.all.map { ($0.key, $0.value) } ?? []
                ) { $1 }
                all["ProtectHome"] = value
                all["ProtectSystem"] = "full"
                facts.unit.properties = UnitProperties(all)
                facts.configuration?.etcd.caFile = .path("/home/ca.pem")
            }
        }
        #expect(try facts("read-only").troubled.isEmpty)
        #expect(try facts("yes").troubled[.unit]?.sentence.contains("ProtectHome=") == true)
        var written = try facts("read-only")
        written.configuration?.outputs = [Configuration.Output(path: "/home/lists/list.json")]
        #expect(written.troubled[.unit]?.problems.first?.remedy.contains("ReadWritePaths=") == true)
    }

    @Test func twoDaemonsShareAStateDirectoryWhereBothWereGivenIt() throws {
        func sentence(_ given: DaemonProcessFacts.GivenDirectory) throws -> String? {
            try healthyFacts { facts in
                facts.processes[0].given = .directory("/var/lib/discoveryd")
                var second = DaemonProcessFacts(
                    process: 90,
                    arguments: ["discoveryd", "-c", "/x", "--status-file=/s"]
                )
                second.given = given
                facts.processes.append(second)
            }.troubled[.instance]?.sentence
        }
        #expect(
            try sentence(.directory("/var/lib/discoveryd"))?
                .hasSuffix("with the same state-directory") == true
        )
        for given in [DaemonProcessFacts.GivenDirectory.none, .unknown, .directory("/var/lib/x")] {
            #expect(try sentence(given) == nil)
        }
    }

    @Test func aDirectoryBehindAClosedOneIsSaidByTheClosedOne() throws {
        let problem = try only(.directories, skipping: [.files]) { facts in
            facts.paths["/srv/lists"]?.steps[1].mode = 0o700
        }
        #expect(
            problem?.sentence
                == "_discoveryd cannot get to /srv/lists: /srv has owner 0, group 0, mode 0700"
        )
    }

    @Test func aGroupAndAnAccessListLetIn() throws {
        let byGroup = try healthyFacts { facts in
            facts.paths["/srv/lists"]?.steps[2].owner = 0
            facts.paths["/srv/lists"]?.steps[2].group = 998
            facts.paths["/srv/lists"]?.steps[2].mode = 0o775
        }
        #expect(byGroup.troubled.isEmpty)
        let byList = try healthyFacts { facts in
            facts.paths["/srv/lists"]?.steps[2].owner = 0
            facts.paths["/srv/lists"]?.steps[2].hasAccessList = true
        }
        #expect(byList.troubled.isEmpty)
    }

    @Test func aFullDiskAndAReadOnlyOneAreSaid() throws {
        let full = try only(.directories, skipping: [.files]) {
            $0.paths["/srv/lists"]?.space?.available = 4096
        }
        #expect(full?.sentence == "no room is left at /srv/lists: 4 KB")
        let little = try only(.directories, .warning) {
            $0.paths["/srv/lists"]?.space?.available = 2 << 20
        }
        #expect(little?.sentence.hasPrefix("little room") == true)
        let files = try only(.directories, skipping: [.files]) {
            $0.paths["/srv/lists"]?.space?.files = 0
        }
        #expect(files?.sentence == "no room is left at /srv/lists: 0 files")
        let fixed = try only(.directories, skipping: [.files]) {
            $0.paths["/srv/lists"]?.space?.isReadOnly = true
        }
        let small = try healthyFacts {
            $0.paths["/srv/lists"]?.space = PathFacts.Space(available: 900_000, total: 1 << 20)
        }
        #expect(small.troubled.isEmpty)
        #expect(fixed?.sentence.contains("read-only") == true)
    }

    @Test func aReaderThatCannotReadIsNamed() throws {
        let problem = try only(.consumers) { facts in
            facts.paths["/srv/lists/list.json"]?.steps[3].mode = 0o600
        }
        #expect(
            problem?.sentence
                == "prometheus (User= of prometheus.service) cannot read /srv/lists/list.json: "
                + "/srv/lists/list.json has owner 998, group 0, mode 0600"
        )
    }

    @Test func rootReadsEverything() throws {
        let facts = try healthyFacts { facts in
            facts.paths["/srv/lists/list.json"]?.steps[3].mode = 0o600
            facts.readers["/srv/lists/list.json"]?.user = UserFacts(
                name: "root",
                id: 0,
                groups: [0]
            )
        }
        #expect(facts.troubled.isEmpty)
    }

    @Test(arguments: [
        ("ReadWritePaths", "/etc/haproxy", "add ReadWritePaths=/srv/lists"),
        ("RestrictAddressFamilies", "AF_UNIX AF_NETLINK", "add RestrictAddressFamilies=AF_INET"),
        ("RestrictAddressFamilies", "~AF_INET AF_PACKET", "add RestrictAddressFamilies=AF_INET"),
        ("PrivateNetwork", "yes", "remove it from the drop-in"),
        ("Type", "simple", "it has to be notify"),
        ("LoadState", "masked", "systemctl unmask discoveryd"),
        ("ActiveState", "failed", "systemctl restart discoveryd"),
        ("SubState", "auto-restart", "journalctl -u discoveryd"),
    ])
    func aUnitThatDoesNotFitIsSaid(_ key: String, _ value: String, _ remedy: String) throws {
        let problem = try only(.unit) { facts in
            var all = Dictionary(facts.unit.properties?.all.map { ($0.key, $0.value) } ?? []) { $1 }
            all[key] = value
            facts.unit.properties = UnitProperties(all)
        }
        #expect(problem?.remedy.contains(remedy) == true, "\(String(describing: problem))")
    }

    @Test(arguments: [
        ("NeedDaemonReload", "yes", "systemctl daemon-reload"),
        ("UnitFileState", "disabled", "systemctl enable discoveryd"),
        ("WatchdogUSec", "0", "30s"), ("WatchdogUSec", "infinity", "30s"),
        ("NRestarts", "7", "reset-failed"), ("MemoryMax", "1048576", "MemoryMax="),
    ])
    func aDoubtfulUnitIsWarnedOf(_ key: String, _ value: String, _ remedy: String) throws {
        let problem = try only(.unit, .warning) { facts in
            var all = Dictionary(facts.unit.properties?.all.map { ($0.key, $0.value) } ?? []) { $1 }
            all[key] = value
            facts.unit.properties = UnitProperties(all)
        }
        #expect(problem?.remedy.contains(remedy) == true, "\(String(describing: problem))")
    }

    @Test(arguments: [
        ("/tmp/lists/list.json", "daemon's own /tmp"), ("/home/lists/list.json", "ProtectHome="),
    ])
    func aPlaceThatTheSandboxHidesIsSaid(_ path: String, _ words: String) throws {
        let facts = try healthyFacts { facts in
            facts.configuration?.outputs = [Configuration.Output(path: path)]
        }
        #expect(facts.troubled[.unit]?.sentence.contains(words) == true, "\(facts.troubled)")
    }

    @Test func aSocketThatTheDaemonCannotReachNamesTheGroup() throws {
        let problem = try only(.unit) { facts in
            facts.configuration?.outputs[0].runtime = "/run/haproxy/admin.sock"
            facts.sockets["/run/haproxy/admin.sock"] = .yes
            facts.groupNames[121] = "haproxy"
            facts.paths["/run/haproxy/admin.sock"] = PathFacts(
                "/run/haproxy/admin.sock",
                [
                    .init("/"), .init("/run"), .init("/run/haproxy"),
                    .init("/run/haproxy/admin.sock", .socket, mode: 0o660, group: 121),
                ]
            )
        }
        #expect(problem?.remedy.contains("SupplementaryGroups=haproxy") == true)
    }

    @Test func reloadsThatAreNotAllowedAndProgramsThatAreNotThereAreSaid() throws {
        let problem = try only(.reloadRights) { facts in
            facts.configuration?.outputs[0].reload = ReloadAction(.unit("nginx.service"))
            facts.reloadRights["nginx.service"] = .no("no rule of polkit allows it")
        }
        #expect(
            problem?.sentence
                == "the daemon may not reload nginx.service: no rule of polkit allows it"
        )
        let level = try only(.reloadRights) { facts in
            facts.configuration?.outputs[0].runtime = "/run/h.sock"
            facts.sockets["/run/h.sock"] = .no("its level there is operator, not admin")
        }
        #expect(level?.remedy.contains("level admin") == true)
        let program = try only(.reloadRights) { $0.programs["mk-list"] = .some(nil) }
        #expect(program?.sentence == "there is no program mk-list")
        let unit = try only(.reloadRights) { facts in
            facts.configuration?.outputs[0].reload = ReloadAction(.unit("nginx.service"))
            facts.unit.others["nginx.service"] = UnitProperties(["LoadState": "not-found"])
        }
        #expect(unit?.sentence.contains("not-found") == true)
    }

    @Test func whatOnlyRootMayAskIsSkippedWithTheReason() throws {
        let facts = try healthyFacts { facts in
            facts.configuration?.outputs[0].reload = ReloadAction(.unit("nginx.service"))
            facts.reloadRights["nginx.service"] = .unknown("root has to ask polkit")
        }
        #expect(facts.troubled[.reloadRights]?.verdict == .skipped)
        #expect(facts.troubled[.reloadRights]?.sentence == "nginx.service: root has to ask polkit")
    }

    @Test func aPortOfTheMetricsThatAnotherHasIsSaid() throws {
        let problem = try only(.ports) { facts in
            facts.configuration?.metrics.listen = .tcp(host: "127.0.0.1", port: 9469)
            facts.listeners.append(Listener(.tcp, "127.0.0.1", 9469, user: 0))
        }
        #expect(problem?.sentence.contains("(of uid 0) listens at 127.0.0.1:9469") == true)
        let own = try healthyFacts { facts in
            facts.configuration?.metrics.listen = .tcp(host: "127.0.0.1", port: 9469)
            facts.listeners.append(Listener(.tcp, "127.0.0.1", 9469, user: 998))
        }
        #expect(own.troubled.isEmpty)
    }

    @Test func aServiceThatDoesNotListenIsAWarning() throws {
        let problem = try only(.ports, .warning) { $0.listeners = [] }
        #expect(
            problem?.sentence
                == "nothing listens at port 8080 of this host, where web is registered"
        )
    }

    @Test func aSecondDaemonAndAForeignRecordAreSaid() throws {
        let second = try only(.instance) { facts in
            facts.processes.append(
                DaemonProcessFacts(
                    process: 90,
                    arguments: ["discoveryd", "--status-file", "/tmp/s"]
                )
            )
        }
        #expect(second?.sentence.contains("process 90") == true)
        #expect(second?.sentence.hasSuffix("with the same config") == true)
        #expect(second?.remedy.contains("kill") == false)
        let apart = try healthyFacts { facts in
            facts.processes.append(
                DaemonProcessFacts(
                    process: 90,
                    arguments: [
                        "discoveryd", "-c", "/x", "--status-file=/s", "--state-directory", "/d",
                    ]
                )
            )
        }
        #expect(apart.troubled.isEmpty)
        let foreign = try only(.instance) { $0.session?.records[0].owner = "another" }
        #expect(
            foreign?.sentence == "services/web/web-1 is registered by another host (owner another)"
        )
    }

    @Test func aDaemonThatIsDownIsOneFailureAndTheRestIsChecked() throws {
        let facts = try healthyFacts { facts in
            facts.daemon.status = nil
            facts.daemon.trouble = .notRunning
            facts.processes = []
            var all = Dictionary(facts.unit.properties?.all.map { ($0.key, $0.value) } ?? []) { $1 }
            (all["ActiveState"], all["SubState"], all["MainPID"]) = ("inactive", "dead", "0")
            facts.unit.properties = UnitProperties(all)
        }
        let found = facts.troubled
        #expect(found[.unit]?.sentence == "discoveryd.service does not run")
        #expect(Set(found.keys) == [.unit, .lease, .reloads], "\(found)")
        #expect(found[.lease]?.verdict == .skipped && found[.reloads]?.verdict == .skipped)
    }

    @Test func filesAndReloadsSayWhatTheDaemonSays() throws {
        for (word, verdict) in [
            ("failed", Verdict.failed), ("refused", .failed), ("kept", .warning),
        ] {
            let problem = try only(.files, verdict) { facts in
                facts.daemon.status = try status { json in
                    json["outputs"] = [
                        ["path": "/srv/lists/list.json", "status": word, "detail": "because"]
                    ]
                }
            }
            #expect(problem?.sentence.hasSuffix(": because") == true)
        }
        let reload = try only(.reloads) { facts in
            facts.daemon.status = try status { $0["action_errors"] = ["nginx.service: no"] }
        }
        #expect(reload?.sentence == "a reload failed: nginx.service: no")
        let changed = try only(.files, .warning) { facts in
            facts.daemon.status = try status { $0["outputs"] = [Any]() }
        }
        #expect(changed?.remedy == "systemctl reload discoveryd")
        let gone = try only(.files) { facts in
            facts.paths["/srv/lists/list.json"]?.errno = 2
            facts.paths["/srv/lists/list.json"]?.steps.removeLast()
        }
        #expect(gone?.sentence == "/srv/lists/list.json has been removed")
    }
}
