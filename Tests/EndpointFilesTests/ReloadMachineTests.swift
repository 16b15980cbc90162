import EndpointFiles
import Machines
import Registry
import Testing

@Suite struct ReloadMachineTests {
    private let haproxy = ReloadAction(.unit("haproxy.service"), interval: .seconds(5))

    @Test func filesThatChangeTogetherAreOneReload() {
        var machine = machine(["/a": haproxy, "/b": haproxy])
        #expect(machine.fileReplaced("/a", at: .zero).isEmpty)
        #expect(machine.fileReplaced("/b", at: .milliseconds(150)).isEmpty)
        #expect(machine.timePassed(to: .milliseconds(200)).isEmpty)
        let begun = machine.timePassed(to: .milliseconds(350))
        #expect(begun == [.perform(haproxy, number: 1)])
        #expect(
            machine.runEnded(haproxy, number: 1, at: .seconds(1)) == [
                .settle(path: "/a"), .settle(path: "/b"),
                .loaded(path: "/a"), .loaded(path: "/b"),
                .report(.done(haproxy, paths: ["/a", "/b"])),
            ]
        )
        #expect(machine.deadline == nil)
    }

    @Test func filesThatNeverRestAreReloadedAllTheSame() {
        var machine = machine(["/a": haproxy])
        var begun: [ReloadMachine.Action] = []
        for step in 0..<20 {
            let now = Duration.milliseconds(100 * step)
            begun += machine.fileReplaced("/a", at: now) + machine.timePassed(to: now)
        }
        #expect(begun == [.perform(haproxy, number: 1)])
    }

    @Test func aChangeDuringARunIsReloadedAfterItAndTheIntervalIsKept() {
        var machine = machine(["/a": haproxy])
        _ = machine.fileReplaced("/a", at: .zero)
        #expect(machine.timePassed(to: .seconds(1)) == [.perform(haproxy, number: 1)])
        _ = machine.fileReplaced("/a", at: .seconds(2))
        #expect(machine.timePassed(to: .seconds(3)).isEmpty)
        #expect(
            machine.runEnded(haproxy, number: 1, at: .seconds(4)) == [
                .report(.done(haproxy, paths: ["/a"]))
            ]
        )
        // Five seconds after the run before it began.
        #expect(machine.deadline == .seconds(6))
        #expect(machine.timePassed(to: .seconds(6)) == [.perform(haproxy, number: 2)])
    }

    @Test func aRunThatFailsIsTriedAgainUntilItSucceedsAndSaidOnce() throws {
        var machine = machine(["/a": haproxy])
        let fault = ReloadFault(message: "no")
        _ = machine.fileReplaced("/a", at: .zero)
        _ = machine.timePassed(to: .seconds(1))
        var now = Duration.seconds(2)
        for number in 1...30 {
            let said = machine.runFailed(haproxy, number: number, fault, at: now)
            #expect(machine.faults == [haproxy: fault])
            let next = try #require(machine.deadline)
            let first = ReloadReport.failed(haproxy, fault, retryIn: next - now)
            #expect(said == (number == 1 ? [.report(first)] : []))
            #expect(next - now <= .seconds(60) && next >= now)
            now = next
            #expect(machine.timePassed(to: now) == [.perform(haproxy, number: number + 1)])
        }
        #expect(
            machine.runEnded(haproxy, number: 31, at: now)
                == [
                    .settle(path: "/a"), .loaded(path: "/a"),
                    .report(.done(haproxy, paths: ["/a"])),
                ]
        )
        #expect(machine.faults.isEmpty && machine.deadline == nil)
    }

    @Test func aReaderThatIsBeingStoppedIsAskedAgainWithoutAWordUntilItHasEnded() {
        var machine = machine(["/a": haproxy, "/b": haproxy])
        _ = machine.fileReplaced("/a", at: .zero)
        #expect(machine.timePassed(to: .seconds(1)) == [.perform(haproxy, number: 1)])
        #expect(machine.runPutOff(haproxy, number: 1, at: .seconds(31)).isEmpty)
        #expect(machine.faults.isEmpty)
        // What comes meanwhile is owed as well.
        _ = machine.fileReplaced("/b", at: .milliseconds(31_500))
        #expect(machine.timePassed(to: .seconds(33)) == [.perform(haproxy, number: 2)])
        #expect(
            machine.runEnded(haproxy, number: 2, at: .seconds(34)) == [
                .settle(path: "/a"), .settle(path: "/b"),
                .loaded(path: "/a"), .loaded(path: "/b"),
                .report(.done(haproxy, paths: ["/a", "/b"])),
            ]
        )
        #expect(machine.deadline == nil)
    }

    @Test func `a file that its reader has by other means needs no reload, others do`() {
        var machine = machine(["/a": haproxy, "/b": haproxy])
        _ = machine.fileReplaced("/a", at: .zero)
        _ = machine.fileReplaced("/b", at: .zero)
        _ = machine.fileTakenUp("/a")
        #expect(machine.timePassed(to: .seconds(1)) == [.perform(haproxy, number: 1)])
        // One that has begun goes on.
        _ = machine.fileTakenUp("/b")
        #expect(
            machine.runEnded(haproxy, number: 1, at: .seconds(2)) == [
                .settle(path: "/b"), .loaded(path: "/b"), .report(.done(haproxy, paths: ["/b"])),
            ]
        )
        _ = machine.fileReplaced("/a", at: .seconds(10))
        _ = machine.fileTakenUp("/a")
        #expect(machine.deadline == nil)
        _ = machine.fileReplaced("/a", at: .seconds(20))
        _ = machine.timePassed(to: .seconds(21))
        _ = machine.runFailed(haproxy, number: 2, ReloadFault(message: "no"), at: .seconds(22))
        #expect(machine.faults.count == 1)
        _ = machine.fileTakenUp("/a")
        #expect(machine.deadline == nil && machine.faults.isEmpty)
    }

    @Test func aStopThatIsCalledOffLeavesTheReloadOwed() {
        var machine = machine(["/a": haproxy])
        _ = machine.fileReplaced("/a", at: .zero)
        #expect(machine.timePassed(to: .seconds(1)) == [.perform(haproxy, number: 1)])
        _ = machine.runPutOff(haproxy, number: 1, at: .seconds(2))
        // Not sooner than the interval allows, and not twice for one outcome.
        #expect(machine.deadline == .seconds(6))
        _ = machine.runPutOff(haproxy, number: 1, at: .seconds(3))
        #expect(machine.deadline == .seconds(6))
        #expect(machine.timePassed(to: .seconds(6)) == [.perform(haproxy, number: 2)])
    }

    @Test func aFleetSpreadsItsReloadsAndEachHostHasItsPlace() {
        let spread = ReloadAction(.unit("haproxy.service"), splay: .seconds(100))
        let due = [0.0, 0.25, 0.9].map { place in
            var machine = ReloadMachine(place: place, generator: SeededGenerator(seed: 1))
            _ = machine.actionsChanged(to: ["/a": spread])
            _ = machine.fileReplaced("/a", at: .zero)
            // A second change does not put it off.
            _ = machine.fileReplaced("/a", at: .milliseconds(100))
            return machine.deadline
        }
        #expect(due == [.milliseconds(300), .seconds(25), .seconds(90)])
    }

    @Test func actionsAreIndependentOfOneAnother() {
        let nginx = ReloadAction(.command(["/usr/sbin/nginx", "-s", "reload"]))
        var machine = machine(["/a": haproxy, "/b": nginx])
        _ = machine.fileReplaced("/a", at: .zero)
        #expect(machine.timePassed(to: .seconds(1)) == [.perform(haproxy, number: 1)])
        _ = machine.fileReplaced("/b", at: .seconds(1))
        #expect(machine.timePassed(to: .seconds(2)) == [.perform(nginx, number: 2)])
    }

    @Test func onlyFilesWithAnActionAndActionsThatAreStillNamedCount() {
        var machine = machine(["/a": haproxy])
        _ = machine.fileReplaced("/other", at: .zero)
        #expect(machine.deadline == nil)
        _ = machine.fileReplaced("/a", at: .zero)
        _ = machine.actionsChanged(to: [:])
        #expect(machine.deadline == nil)
        #expect(machine.timePassed(to: .seconds(9)).isEmpty)
    }

    @Test func settingsThatChangeDuringARunBeginNoSecondOne() {
        var machine = machine(["/a": haproxy])
        _ = machine.fileReplaced("/a", at: .zero)
        #expect(machine.timePassed(to: .seconds(1)) == [.perform(haproxy, number: 1)])
        var patient = haproxy
        patient.interval = .seconds(20)
        _ = machine.actionsChanged(to: ["/a": patient])
        _ = machine.fileReplaced("/a", at: .seconds(2))
        #expect(machine.timePassed(to: .seconds(10)).isEmpty)
        // The file has changed since: it is still owed a reload.
        #expect(
            machine.runEnded(haproxy, number: 1, at: .seconds(10))
                == [.report(.done(haproxy, paths: ["/a"]))]
        )
        #expect(machine.timePassed(to: .seconds(20)).isEmpty)
        #expect(machine.timePassed(to: .seconds(21)) == [.perform(patient, number: 2)])
    }

    private func machine(_ actions: [String: ReloadAction]) -> ReloadMachine {
        var machine = ReloadMachine(place: 0.5, generator: SeededGenerator(seed: 1))
        _ = machine.actionsChanged(to: actions)
        return machine
    }
}
