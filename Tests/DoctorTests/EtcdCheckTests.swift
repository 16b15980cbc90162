import Configuration
import Etcd
import Testing

@testable import Doctor

@Suite struct EtcdCheckTests {
    private func finding(_ name: CheckName, _ change: (inout Facts) throws -> Void) throws
        -> Finding?
    {
        let facts = try healthyFacts(change)
        let troubled = facts.troubled
        // Nothing fails that does not depend on it.
        for (other, finding) in troubled where other != name {
            #expect(finding.verdict == .skipped, "\(other): \(finding)")
        }
        return Diagnosis(facts)[name]
    }

    @Test(arguments: [
        (MemberExamination.Step.name, CheckName.dns), (.connection, .tcp), (.security, .tls),
        (.answer, .cluster),
    ])
    func anEndpointThatFailsIsAWarningWhileAnotherServes(
        _ step: MemberExamination.Step,
        _ name: CheckName
    )
        throws
    {
        let one = try finding(name) { facts in
            facts.endpoints[0].trouble = .init(step, "no use")
            facts.endpoints[0].answer = nil
        }
        #expect(one?.verdict == .warning && one?.isBlocking == false)
        #expect(one?.sentence == "http://10.0.0.1:2379: no use")
        let all = try finding(name) { facts in
            for place in facts.endpoints.indices {
                facts.endpoints[place].trouble = .init(step, "no use")
                facts.endpoints[place].answer = nil
            }
            facts.session = nil
        }
        #expect(all?.verdict == .failed && all?.isBlocking == true)
        #expect(all?.problems.count == 2)
    }

    @Test func certificatesThatEndSoonAreWarnedOf() throws {
        func found(_ left: Int, of life: Int) throws -> Finding? {
            try finding(.tls) { facts in
                guard let endpoint = try? EtcdEndpoint("https://10.0.0.1:2379") else { return }
                facts.endpoints[0].endpoint = endpoint
                facts.endpoints[0].certificate = .init(
                    begins: facts.now + left - life,
                    ends: facts.now + left,
                    names: ["DNS:etcd-1"]
                )
            }
        }
        let day = 86_400
        #expect(
            try found(20 * day, of: 365 * day)?.sentence
                == "https://10.0.0.1:2379: 20 days left, for DNS:etcd-1"
        )
        let soon = try found(13 * day, of: 365 * day)
        #expect(soon?.verdict == .warning)
        #expect(soon?.sentence == "the certificate of https://10.0.0.1:2379 expires in 13 days")
        // A short life is used to its last fifth.
        #expect(try found(day / 2, of: day)?.verdict == .ok)
        #expect(try found(day / 10, of: day)?.sentence.hasSuffix("expires in 2 hours") == true)
        let own = try finding(.tls) { facts in
            guard let endpoint = try? EtcdEndpoint("https://10.0.0.1:2379") else { return }
            facts.endpoints[0].endpoint = endpoint
            facts.ownCertificate = .init(begins: 0, ends: facts.now + day)
        }
        #expect(own?.sentence == "our own certificate (cert_file) expires in 24 hours")
    }

    @Test func aKeyThatTheDaemonCannotReadIsSaidThoughRootCan() throws {
        let found = try finding(.tls) { facts in
            facts.configuration?.etcd.keyFile = .path("/etc/discoveryd/key.pem")
            facts.paths["/etc/discoveryd/key.pem"] = PathFacts(
                "/etc/discoveryd/key.pem",
                [.init("/"), .init("/etc"), .init("/etc/key.pem", .file, mode: 0o600)]
            )
        }
        #expect(found?.sentence.hasPrefix("key_file: _discoveryd cannot read") == true)
        let open = try finding(.tls) { facts in
            facts.configuration?.etcd.keyFile = .path("/etc/key.pem")
            facts.paths["/etc/key.pem"] = PathFacts(
                "/etc/key.pem",
                [.init("/"), .init("/etc"), .init("/etc/key.pem", .file, mode: 0o644)]
            )
        }
        #expect(
            open?.verdict == .warning
                && open?.problems.first?.remedy
                    == "setfacl -m u:_discoveryd:r /etc/key.pem, then chmod o-r /etc/key.pem"
        )
        let ours = try finding(.tls) { facts in
            facts.configuration?.etcd.keyFile = .path("/etc/key.pem")
            facts.paths["/etc/key.pem"] = PathFacts(
                "/etc/key.pem",
                [
                    .init("/"), .init("/etc"),
                    .init("/etc/key.pem", .file, mode: 0o644, group: 998),
                ]
            )
        }
        #expect(ours?.problems.first?.remedy == "chmod o-r /etc/key.pem")
    }

    @Test func aClosedDirectoryOfSecretsIsOpenedForNobodyButTheDaemon() throws {
        let found = try finding(.tls) { facts in
            facts.configuration?.etcd.keyFile = .path("/etc/ssl/private/key.pem")
            facts.paths["/etc/ssl/private/key.pem"] = PathFacts(
                "/etc/ssl/private/key.pem",
                [
                    .init("/"), .init("/etc"), .init("/etc/ssl"),
                    .init("/etc/ssl/private", mode: 0o710),
                    .init("/etc/ssl/private/key.pem", .file, mode: 0o600),
                ]
            )
        }
        let remedy = found?.problems.first?.remedy ?? ""
        #expect(remedy.contains("LoadCredential="))
        #expect(remedy.hasSuffix("setfacl -m u:_discoveryd:x /etc/ssl/private"))
    }

    @Test func whoMayNotReadTheKeySkipsWhatNeedsIt() throws {
        let facts = try healthyFacts { facts in
            facts.blindness = "alice may not read /key; run this as root"
            facts.session = nil
        }
        let found = facts.troubled
        #expect(found[.tls]?.verdict == .skipped && found[.login]?.verdict == .skipped)
        #expect(found[.login]?.sentence == "needs tls, which was skipped")
        #expect(found[.dns] == nil && found[.tcp] == nil && found[.ports] == nil)
    }

    @Test(arguments: [
        ("3.3.27", Verdict.failed), ("3.4.23", .ok), ("3.5.1", .warning), ("3.5.22", .warning),
        ("3.5.23", .ok), ("3.6.4", .warning), ("3.6.5", .ok), ("3.7.0", .ok), ("4.0.0", .ok),
        ("unknown", .ok), ("", .ok), ("3.5", .ok), ("3.5.0-rc.1", .warning),
    ])
    func versionsWithFaultsThatMatterAreSaid(_ version: String, _ verdict: Verdict) throws {
        let found = try finding(.etcdVersion) {
            $0.endpoints[1] = member("10.0.0.2", version: version)
        }
        #expect(found?.verdict == verdict, "\(String(describing: found))")
    }

    @Test func theWorstFaultOfAVersionIsSaidAndTheVersionThatMendsAll() throws {
        let found = try finding(.etcdVersion) {
            $0.endpoints[0] = member("10.0.0.1", version: "3.5.2")
        }
        #expect(found?.sentence.contains("may disagree on the data") == true)
        #expect(found?.problems.first?.remedy == "upgrade it to 3.5.23 or newer")
    }

    @Test func endpointsOfTwoClustersAreSaid() throws {
        let found = try finding(.cluster) { $0.endpoints[1].answer?.cluster = 0xc2 }
        #expect(found?.verdict == .failed && found?.isBlocking == false)
        #expect(
            found?.sentence.contains("http://10.0.0.1:2379 of c1, http://10.0.0.2:2379 of c2")
                == true
        )
    }

    @Test func aMemberWithoutALeaderAndALearnerAreSaid() throws {
        let one = try finding(.cluster) { $0.endpoints[0].answer?.leader = 0 }
        #expect(one?.verdict == .warning && one?.sentence.contains("has no leader") == true)
        let all = try finding(.cluster) { facts in
            facts.endpoints[0].answer?.leader = 0
            facts.endpoints[1].answer?.isLearner = true
            facts.session = nil
        }
        #expect(all?.verdict == .failed && all?.isBlocking == true)
    }

    @Test func alarmsAreSaid() throws {
        let full = try finding(.cluster) { facts in
            for place in facts.endpoints.indices {
                facts.endpoints[place].answer?.errors = ["memberID:1 alarm:NOSPACE "]
            }
            facts.session?.writing = .init(.room, "database space exceeded")
        }
        #expect(full?.problems.count == 1 && full?.sentence.contains("NOSPACE") == true)
        let corrupt = try finding(.cluster) { $0.endpoints[0].answer?.errors = ["alarm:CORRUPT"] }
        #expect(corrupt?.verdict == .failed)
        let other = try finding(.cluster) { $0.endpoints[0].answer?.errors = ["something"] }
        #expect(other?.sentence == "etcd says: something")
    }

    @Test func aClockThatIsOffIsAWarningThatSaysHowItWasSeen() throws {
        let found = try finding(.clock) { $0.endpoints[0].clockAhead = -90 }
        #expect(
            found?.sentence
                == "this host's clock is 90 s ahead of that of http://10.0.0.1:2379, by the Date of its /version"
        )
        #expect(found?.verdict == .warning)
        let none = try finding(.cluster) { facts in
            for place in facts.endpoints.indices { facts.endpoints[place].clockAhead = 4 }
        }
        #expect(none?.verdict == .ok)
    }

    @Test func slowReadsAreSaidByTheMedianAgainstTheTTL() throws {
        let found = try finding(.latency) { facts in
            facts.endpoints[0].roundTrips = [
                .milliseconds(1), .milliseconds(700), .milliseconds(900),
            ]
        }
        #expect(found?.verdict == .warning && found?.sentence.contains("takes 700 ms") == true)
        let long = try finding(.latency) { facts in
            facts.configuration?.lease.ttl = .seconds(60)
            facts.endpoints[0].roundTrips = [.milliseconds(700)]
        }
        #expect(long?.verdict == .ok)
    }

    @Test func aRefusedLoginIsSaidAndNothingAfterItIsTried() throws {
        let found = try finding(.login) { facts in
            facts.session?.reading = .init(.login, "etcd rejected the user disco")
        }
        #expect(found?.verdict == .failed && found?.sentence == "etcd rejected the user disco")
        let file = try finding(.login) { facts in
            facts.passwordTrouble = "password_file: /p is empty"
            facts.session = nil
        }
        #expect(file?.sentence == "password_file: /p is empty")
    }

    @Test func missingRightsAreSaidWithTheGrant() throws {
        let reading = try finding(.permissions) { $0.session?.reading = .init(.permission, "no") }
        #expect(
            reading?.problems.first?.remedy
                == "etcdctl role grant-permission ROLE --prefix=true read services/"
        )
        let writing = try finding(.permissions) { $0.session?.unwritable = ["services/web/web-1"] }
        #expect(writing?.isBlocking == false)
        #expect(
            writing?.problems.first?.remedy
                == "etcdctl role grant-permission ROLE --prefix=true readwrite services/web/"
        )
    }

    @Test func aLeaseThatIsGoneOrNotKeptAliveIsSaid() throws {
        let gone = try finding(.lease) { $0.session?.lease = .some(nil) }
        #expect(gone?.verdict == .failed && gone?.sentence.contains("does not know") == true)
        let late = try finding(.lease) { facts in
            facts.session?.lease = .some(
                .init(granted: .seconds(10), remaining: .seconds(2), keys: 1)
            )
        }
        #expect(late?.verdict == .warning)
        let empty = try finding(.lease) { facts in
            facts.session?.lease = .some(
                .init(granted: .seconds(10), remaining: .seconds(9), keys: 0)
            )
        }
        #expect(empty?.sentence.contains("has 0 keys, and 1 instance should be under it") == true)
    }

    @Test func aDaemonWithAnotherEtcdIsNotJudgedByThisOne() throws {
        let found = try finding(.lease) { facts in
            facts.configuration?.etcd.endpoints = [.local]
            facts.session?.lease = .some(nil)
            facts.session?.newest = 130
        }
        #expect(found?.verdict == .skipped)
        #expect(
            found?.sentence.hasPrefix("the daemon is connected to http://10.0.0.1:2379") == true
        )
    }

    @Test func aProxyAndAListThatIsBehindAreSaid() throws {
        let proxy = try finding(.watch) { $0.session?.progress = nil }
        #expect(
            proxy?.verdict == .warning && proxy?.sentence.contains("a proxy is in between") == true
        )
        let behind = try finding(.watch) { $0.session?.newest = 130 }
        #expect(
            behind?.sentence == "the daemon's list is of revision 120, and services/ changed at 130"
        )
        let stale = try finding(.watch) { facts in
            facts.daemon.status = try status { json in
                json["state"] = "stale"
                json["list_error"] = "no answer"
            }
        }
        #expect(
            stale?.verdict == .warning && stale?.sentence == "the daemon's list is stale: no answer"
        )
    }
}
