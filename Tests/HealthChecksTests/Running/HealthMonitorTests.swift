import HealthChecks
import Machines
import Registry
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct HealthMonitorTests {
    @Test func aServiceComesUpAndGoesDownWithItsCheck() async throws {
        let key = try Services.key()
        try await monitoring { world in
            world.monitor.setServices([ServiceChecks(key, checks: [try Services.tcp(1)])])
            #expect(world.monitor.verdicts[key]?.isUp == false)
            try await world.runs(port: 1, times: 2)
            try await eventually("it is up") { world.monitor.verdicts[key]?.isUp == true }

            world.probes.set(1, .fail("nobody listens"))
            try await world.runs(port: 1, times: 3)
            try await eventually("it is down") { world.monitor.verdicts[key]?.isUp == false }
            #expect(
                world.monitor.verdicts[key]?.seen == "nobody listens"
            )
            try await eventually("all is said") { world.reports.all.count == 3 }
            let check = "tcp 127.0.0.1:1"
            let reason = try #require(world.reports.all.compactMap(\.reason).last)
            #expect(reason.description == "\(check): nobody listens; for 20 s now")
            #expect(
                world.reports.all == [
                    .up(key), .checkFailing(key, check: check, saw: "nobody listens", fall: 3),
                    .down(key, reason),
                ]
            )
        }
    }

    @Test func aHangingCheckDelaysNoOtherAndIsEndedAtItsTimeout() async throws {
        let (hanging, well) = (try Services.key("a"), try Services.key("b"))
        try await monitoring { world in
            world.probes.set(1, .hang)
            world.monitor.setServices([
                ServiceChecks(hanging, checks: [try Services.tcp(1)]),
                ServiceChecks(well, checks: [try Services.tcp(2)]),
            ])
            try await world.runs(port: 2, times: 5)
            #expect(world.monitor.verdicts[well]?.isUp == true)
            #expect(world.probes.begun(1) >= 4)
            #expect(world.probes.most(1) == 1)
            #expect(
                world.monitor.verdicts[hanging]?.seen
                    == "no answer within 2 s"
            )
        }
    }

    @Test func aCheckThatCannotBeEndedFailsOnAndIsNotBegunASecondTime() async throws {
        let key = try Services.key()
        try await monitoring { world in
            let (gate, opener) = AsyncStream.makeStream(of: Never.self)
            world.probes.set(1, .ignoreCancellation(gate))
            let check = try Services.tcp(1, timing: Services.timing(initial: .up))
            world.monitor.setServices([ServiceChecks(key, checks: [check])])
            try await world.passTime(until: "it is down") {
                world.monitor.verdicts[key]?.isUp == false
            }
            #expect(world.probes.begun(1) == 1)
            world.probes.set(1, .pass)
            opener.finish()
            try await world.passTime(until: "it is up again") {
                world.monitor.verdicts[key]?.isUp == true
            }
        }
    }

    @Test func aReloadEndsTheRunsOfAServiceThatIsGone() async throws {
        try await monitoring { world in
            world.probes.set(1, .hang)
            let service = ServiceChecks(try Services.key(), checks: [try Services.tcp(1)])
            world.monitor.setServices([service])
            try await world.passTime(until: "it runs") { world.probes.running(1) == 1 }
            world.monitor.setServices([])
            try await eventually("it is ended") { world.probes.running(1) == 0 }
            #expect(world.monitor.verdicts.isEmpty)
        }
    }

    @Test func unitsAreToldFromOutside() async throws {
        let key = try Services.key()
        try await monitoring { world in
            // Told before anybody asked: it is remembered.
            world.monitor.unitChanged("nginx.service", to: .up)
            let check = CheckDefinition(.unit("nginx.service"))
            world.monitor.setServices([ServiceChecks(key, checks: [check])])
            #expect(world.monitor.units == ["nginx.service"])
            #expect(world.monitor.verdicts[key]?.isUp == true)
            world.monitor.unitChanged("nginx.service", to: .goingDown)
            #expect(world.monitor.verdicts[key]?.isUp == false)
        }
    }

    @Test func itEndsWithItsTaskAndEndsItsRuns() async throws {
        let probes = ScriptedProbes()
        probes.set(1, .hang)
        try await monitoring(probes) { world in
            let service = ServiceChecks(try Services.key(), checks: [try Services.tcp(1)])
            world.monitor.setServices([service])
            try await world.passTime(until: "it runs") { probes.running(1) == 1 }
        }
        #expect(probes.running(1) == 0)
    }

    /// A monitor on a clock that stands still.
    private struct World: Sendable {
        let monitor: HealthMonitor
        let clock: ManualClock
        let probes: ScriptedProbes
        let reports: Recorder<HealthReport>

        /// Moves the clock from alarm to alarm until `condition` holds.
        func passTime(until what: String, _ condition: () -> Bool) async throws {
            try await eventually(what) {
                if condition() { return true }
                // What is under way ends before time goes on, but for what hangs.
                let laps = monitor.laps
                monitor.poke()
                try await eventually("a lap") { monitor.laps > laps }
                try await eventually("the runs end") { monitor.runsUnderWay == probes.stuck }
                if let alarm = clock.nextAlarm, !condition() {
                    clock.advance(by: alarm - clock.now.offset)
                }
                return condition()
            }
        }

        /// Moves the clock until a check has run so often.
        func runs(port: UInt16, times: Int) async throws {
            let before = probes.begun(port)
            try await passTime(until: "\(times) runs of \(port)") {
                probes.begun(port) >= before + times && probes.running(port) == 0
            }
        }
    }

    private func monitoring(
        _ probes: ScriptedProbes = ScriptedProbes(),
        _ body: @escaping (World) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        let (followed, reports) = (Recorder<HealthReport>(), Recorder<HealthReport>())
        let monitor = HealthMonitor(
            generator: SeededGenerator(seed: 4),
            timeline: Timeline(clock),
            probe: { probes.probe($0) }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await monitor.run {
                    followed.record($0)
                } observe: { report in
                    // What follows from a change is done before it is reported.
                    if followed.all.last == report { reports.record(report) }
                }
            }
            try await body(World(monitor: monitor, clock: clock, probes: probes, reports: reports))
            group.cancelAll()
        }
    }
}
