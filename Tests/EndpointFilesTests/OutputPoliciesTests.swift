import Machines
import Registry
import Testing

@testable import EndpointFiles

/// What an output asks for beside the list: to wait, to be kept, to hold what was lost.
@Suite struct OutputPoliciesTests {
    private let path = "/out/all.json"
    private let ends = ["web-1", "web-2", "web-3"]

    // MARK: wait

    @Test func theFirstWriteIsAtOnceAndTheNextWaitsUntilNothingChangesAnyMore() throws {
        var output = EndpointOutput(path: path)
        output.wait = OutputWait(min: .seconds(2), max: .seconds(5))
        var machine = machine(output)
        let first = machine.listChanged(to: try list(3), at: .zero)
        #expect(writes(first).count == 1)
        settle(&machine, first)
        #expect(writes(machine.listChanged(to: try list(2), at: .seconds(10))).isEmpty)
        #expect(machine.deadline == .seconds(10))
        _ = machine.timePassed(to: .seconds(10))
        #expect(machine.deadline == .seconds(12))
        #expect(writes(machine.listChanged(to: try list(3), at: .seconds(11))).isEmpty)
        #expect(writes(machine.timePassed(to: .seconds(12))).isEmpty)
        #expect(writes(machine.timePassed(to: .seconds(13))).count == 1)
    }

    @Test func changesThatNeverEndAreWrittenAfterTheLongestWait() throws {
        var output = EndpointOutput(path: path)
        output.wait = OutputWait(min: .seconds(2), max: .seconds(5))
        var machine = machine(output)
        settle(&machine, machine.listChanged(to: try list(3), at: .zero))
        var written: [Duration] = []
        for tick in 0..<12 {
            let now = Duration.seconds(20 + tick)
            let actions =
                machine.listChanged(to: try list(2 + tick % 2), at: now)
                + machine.timePassed(to: now)
            if !writes(actions).isEmpty { written.append(now) }
            settle(&machine, actions)
        }
        #expect(written == [.seconds(25), .seconds(31)])
    }

    // MARK: kept files

    @Test func withoutAnEndpointAFileThatIsThereIsKeptAndSaidOnce() throws {
        var output = EndpointOutput(path: path)
        output.onEmpty = .keep
        var machine = machine(output)
        settle(&machine, machine.listChanged(to: try list(3), at: .zero))
        let actions = machine.listChanged(to: try list(0), at: .seconds(1))
        let number = try #require(looks(actions).first)
        let looked = machine.fileLooked(path, number: number, exists: true, at: .seconds(1))
        #expect(writes(looked).isEmpty)
        #expect(looks(machine.listChanged(to: try list(0), at: .seconds(1))).isEmpty)
        #expect(machine.statuses == [path: .kept(.empty)] && machine.hasWrittenAll)
        let back = machine.listChanged(to: try list(1), at: .seconds(2))
        #expect(writes(back).count == 1)
    }

    @Test func withoutAFileThereIsNothingToKeep() throws {
        var output = EndpointOutput(path: path)
        output.onEmpty = .keep
        var machine = machine(output)
        let number = try #require(looks(machine.listChanged(to: try list(0), at: .zero)).first)
        let actions = machine.fileLooked(path, number: number, exists: false, at: .zero)
        #expect(writes(actions).count == 1)
    }

    @Test func tooFewEndpointsKeepTheFileForTheHoldTimeOnly() throws {
        var output = EndpointOutput(path: path)
        output.minEndpoints = 2
        output.hold = .seconds(30)
        var machine = machine(output)
        settle(&machine, machine.listChanged(to: try list(3), at: .zero))
        let number = try #require(
            looks(machine.listChanged(to: try list(1), at: .seconds(1))).first
        )
        let kept = machine.fileLooked(path, number: number, exists: true, at: .seconds(1))
        #expect(
            kept.contains {
                if case .report(.kept(_, .tooFew(1, minEndpoints: 2))) = $0 { true } else { false }
            }
        )
        #expect(writes(machine.timePassed(to: .seconds(30))).isEmpty)
        let over = machine.timePassed(to: .seconds(31))
        #expect(try #require(updates(over).first).table.endpointCount == 1)
    }

    @Test func onlyTheServicesThatAreShownCount() throws {
        var output = EndpointOutput(path: path, services: try Lists.names("db"))
        output.onEmpty = .keep
        var machine = machine(output)
        #expect(!looks(machine.listChanged(to: try list(3), at: .zero)).isEmpty)
    }

    // MARK: lost endpoints

    @Test func lostEndpointsAreShownForTheHoldTimeOfEachOutput() throws {
        var output = EndpointOutput(path: path)
        output.hold = .seconds(20)
        var machine = machine(output)
        settle(&machine, machine.listChanged(to: try list(3), at: .zero))
        var lost = try list(1)
        for id in ends.dropFirst() {
            let endpoint = try Lists.endpoint("web", id)
            lost.held[endpoint.instance.key] = HeldEndpoint(endpoint: endpoint, since: .seconds(5))
        }
        let actions = machine.listChanged(to: lost, at: .seconds(5))
        #expect(try #require(updates(actions).first).table.endpointCount == 3)
        settle(&machine, actions)
        #expect(writes(machine.timePassed(to: .seconds(24))).isEmpty)
        let over = machine.timePassed(to: .seconds(25))
        #expect(try #require(updates(over).first).table.endpointCount == 1)
    }

    @Test func anOutputThatHoldsNothingBelievesEverything() throws {
        var output = EndpointOutput(path: path)
        output.hold = .zero
        var machine = machine(output)
        var lost = try list(0)
        let endpoint = try Lists.endpoint("web", "web-1")
        lost.held[endpoint.instance.key] = HeldEndpoint(endpoint: endpoint, since: .zero)
        let actions = machine.listChanged(to: lost, at: .zero)
        #expect(try #require(updates(actions).first).table.endpointCount == 0)
    }

    // MARK: an older list

    @Test func anOlderListIsWrittenOnlyWhereThereIsNoFileAndGivesWayToARealOne() throws {
        var machine = machine(EndpointOutput(path: path))
        let number = try #require(looks(machine.olderListFound(try list(3))).first)
        let actions = machine.fileLooked(path, number: number, exists: false, at: .zero)
        #expect(try #require(updates(actions).first).table.endpointCount == 3)
        settle(&machine, actions)
        #expect(machine.hasWrittenAll)
        let real = machine.listChanged(to: try list(1), at: .seconds(1))
        #expect(try #require(updates(real).first).table.endpointCount == 1)
    }

    @Test func anOlderListThatSaysNothingOfTheServicesIsOfNoUse() throws {
        var machine = machine(EndpointOutput(path: path, services: try Lists.names("db")))
        #expect(machine.olderListFound(try list(3)).isEmpty)
    }

    @Test func aFileOfAnEarlierRunIsNotReplacedByAnOlderList() throws {
        var machine = machine(EndpointOutput(path: path))
        let number = try #require(looks(machine.olderListFound(try list(3))).first)
        let actions = machine.fileLooked(path, number: number, exists: true, at: .zero)
        #expect(writes(actions).isEmpty && machine.hasWrittenAll)
        #expect(machine.statuses == [path: .kept(.fromEarlierRun)])
        #expect(writes(machine.listChanged(to: try list(1), at: .seconds(1))).count == 1)
    }

    @Test func onceThereIsARealListAnOlderOneIsOfNoUse() throws {
        var machine = machine(EndpointOutput(path: path))
        settle(&machine, machine.listChanged(to: try list(1), at: .zero))
        #expect(machine.olderListFound(try list(3)).isEmpty)
    }

    // MARK: parts

    private func machine(_ output: EndpointOutput) -> PublisherMachine {
        var machine = PublisherMachine(generator: SeededGenerator(seed: 3))
        _ = machine.outputsChanged(to: [output], at: .zero)
        return machine
    }

    private func list(_ count: Int) throws -> TableUpdate {
        let endpoints = try ends.prefix(count).map { try Lists.endpoint("web", $0) }
        return Lists.update(endpoints)
    }

    private func writes(_ actions: [PublisherMachine.Action]) -> [Int] {
        actions.compactMap { if case .write(_, _, let number) = $0 { number } else { nil } }
    }

    private func updates(_ actions: [PublisherMachine.Action]) -> [TableUpdate] {
        actions.compactMap { if case .write(_, let update, _) = $0 { update } else { nil } }
    }

    private func looks(_ actions: [PublisherMachine.Action]) -> [Int] {
        actions.compactMap { if case .look(_, let number) = $0 { number } else { nil } }
    }

    private func settle(_ machine: inout PublisherMachine, _ actions: [PublisherMachine.Action]) {
        for number in writes(actions) {
            _ = machine.writeEnded(path, number: number, revision: 42, bytes: 1, at: .zero)
        }
    }
}
