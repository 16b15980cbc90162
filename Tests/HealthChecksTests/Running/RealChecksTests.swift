import Glibc
import HealthChecks
import Machines
import Registry
import TestKit
import Testing

/// The monitor with real probes in real time.
@Suite(.timeLimit(.minutes(1))) struct RealChecksTests {
    @Test func servicesFollowWhatTheirChecksSeeWhileOneHangs() async throws {
        let short = CheckTiming(interval: .milliseconds(100), timeout: .milliseconds(300))
        // Those that answer may take their time: the machine is busy with other tests.
        let timing = CheckTiming(interval: .milliseconds(100), timeout: .seconds(10))
        let keys = try ["exec", "hangs", "http", "tcp"].map { try Services.key($0) }
        let listener = try DeafListener()
        try await TemporaryDirectory.with { directory in
            let flag = try directory.write("well", "")
            try await Server.with { server in
                let address = try #require(HTTPAddress("http://localhost:\(server.port)/healthz"))
                let kinds: [CheckKind] = [
                    .exec(try #require(ExecCheck(["/usr/bin/test", "-e", flag]))),
                    .exec(try #require(ExecCheck(["/bin/sh", "-c", "sleep 300 & wait"]))),
                    .http(try #require(HTTPCheck(address, contains: "ok"))),
                    .tcp(try #require(TCPTarget("127.0.0.1:\(listener.port)"))),
                ]
                let monitor = HealthMonitor(
                    generator: SeededGenerator(seed: 1),
                    timeline: Timeline()
                )
                monitor.setServices(
                    zip(keys, kinds).map {
                        ServiceChecks(
                            $0,
                            checks: [CheckDefinition($1, timing: $0 == keys[1] ? short : timing)]
                        )
                    }
                )
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await monitor.run() }
                    try await eventually("all but the one that hangs are up", within: .seconds(30))
                    {
                        monitor.verdicts.filter { $0.value.isUp }.keys.sorted()
                            == [keys[0], keys[2], keys[3]]
                            && monitor.verdicts[keys[1]]?.seen == "no answer within 300 ms"
                    }
                    _ = directory.remove("well")
                    try await eventually("the command's service is down", within: .seconds(30)) {
                        monitor.verdicts[keys[0]]?.isUp == false
                    }
                    #expect(monitor.verdicts[keys[2]]?.isUp == true)
                    group.cancelAll()
                }
                #expect(monitor.runsUnderWay == 0)
            }
        }
    }
}

extension TemporaryDirectory {
    fileprivate func remove(_ name: String) -> Bool { unlink(file(name)) == 0 }
}
