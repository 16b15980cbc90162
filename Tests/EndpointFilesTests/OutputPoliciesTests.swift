import Programs
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
        var machine = PublisherMachine([output])
        let first = machine.listChanged(to: try list(3), at: .zero)
        #expect(first.writes.count == 1)
        machine.settle(first)
        #expect(machine.listChanged(to: try list(2), at: .seconds(10)).writes.isEmpty)
        #expect(machine.deadline == .seconds(10))
        _ = machine.timePassed(to: .seconds(10))
        #expect(machine.deadline == .seconds(12))
        #expect(machine.listChanged(to: try list(3), at: .seconds(11)).writes.isEmpty)
        #expect(machine.timePassed(to: .seconds(12)).writes.isEmpty)
        #expect(machine.timePassed(to: .seconds(13)).writes.count == 1)
    }

    @Test func changesThatNeverEndAreWrittenAfterTheLongestWait() throws {
        var output = EndpointOutput(path: path)
        output.wait = OutputWait(min: .seconds(2), max: .seconds(5))
        var machine = PublisherMachine([output])
        machine.settle(machine.listChanged(to: try list(3), at: .zero))
        var written: [Duration] = []
        for tick in 0..<12 {
            let now = Duration.seconds(20 + tick)
            let actions =
                machine.listChanged(to: try list(2 + tick % 2), at: now)
                + machine.timePassed(to: now)
            if !actions.writes.isEmpty { written.append(now) }
            machine.settle(actions)
        }
        #expect(written == [.seconds(25), .seconds(31)])
    }

    // MARK: kept files

    @Test func withoutAnEndpointAFileThatIsThereIsKeptAndSaidOnce() throws {
        var output = EndpointOutput(path: path)
        output.onEmpty = .keep
        var machine = PublisherMachine([output])
        machine.settle(machine.listChanged(to: try list(3), at: .zero))
        let actions = machine.listChanged(to: try list(0), at: .seconds(1))
        let number = try #require(actions.looks.first)
        let looked = machine.fileLooked(path, number: number, exists: true, at: .seconds(1))
        #expect(looked == [.report(.kept(path: path, .empty))])
        #expect(machine.listChanged(to: try list(0), at: .seconds(1)).looks.isEmpty)
        #expect(machine.statuses == [path: .kept(.empty)] && machine.hasWrittenAll)
        let back = machine.listChanged(to: try list(1), at: .seconds(2))
        #expect(back.writes.count == 1)
    }

    @Test func withoutAFileThereIsNothingToKeep() throws {
        var output = EndpointOutput(path: path)
        output.onEmpty = .keep
        var machine = PublisherMachine([output])
        let number = try #require(machine.listChanged(to: try list(0), at: .zero).looks.first)
        let actions = machine.fileLooked(path, number: number, exists: false, at: .zero)
        #expect(actions.writes.count == 1)
    }

    @Test func tooFewEndpointsKeepTheFileForTheHoldTimeOnly() throws {
        var output = EndpointOutput(path: path)
        output.minEndpoints = 2
        output.hold = .seconds(30)
        var machine = PublisherMachine([output])
        machine.settle(machine.listChanged(to: try list(3), at: .zero))
        let few = machine.listChanged(to: try list(1), at: .seconds(1))
        let number = try #require(few.looks.first)
        let kept = machine.fileLooked(path, number: number, exists: true, at: .seconds(1))
        #expect(kept == [.report(.kept(path: path, .tooFew(1, minEndpoints: 2)))])
        #expect(machine.timePassed(to: .seconds(30)).writes.isEmpty)
        let over = machine.timePassed(to: .seconds(31))
        #expect(try #require(over.writes.first).update.table.endpointCount == 1)
    }

    @Test
    func `after the hold a check that says no is asked again in a minute, and not again and again`()
        throws
    {
        var output = EndpointOutput(path: path)
        output.minEndpoints = 2
        output.hold = .seconds(30)
        var machine = PublisherMachine([output])
        machine.settle(machine.listChanged(to: try list(3), at: .zero))
        let few = machine.listChanged(to: try list(1), at: .seconds(1))
        let look = try #require(few.looks.first)
        _ = machine.fileLooked(path, number: look, exists: true, at: .seconds(1))
        let write = try #require(machine.timePassed(to: .seconds(31)).writes.first)
        // While it is written nothing is due but the look at the files each 10 s.
        #expect(try #require(machine.deadline) > .seconds(31))
        let refused = ProgramFault(code: .refused, message: "no")
        _ = machine.listRefused(path, number: write.number, refused, at: .seconds(31))
        #expect(try #require(machine.deadline) > .seconds(31))
        #expect(machine.timePassed(to: .seconds(32)).writes.isEmpty)
    }

    @Test func onlyTheServicesThatAreShownCount() throws {
        var output = EndpointOutput(path: path, services: try Lists.names("db"))
        output.onEmpty = .keep
        var machine = PublisherMachine([output])
        #expect(!machine.listChanged(to: try list(3), at: .zero).looks.isEmpty)
    }

    // MARK: lost endpoints

    @Test func lostEndpointsAreShownForTheHoldTimeOfEachOutput() throws {
        var output = EndpointOutput(path: path)
        output.hold = .seconds(20)
        var machine = PublisherMachine([output])
        machine.settle(machine.listChanged(to: try list(3), at: .zero))
        var lost = try list(1)
        for id in ends.dropFirst() {
            let endpoint = try Lists.endpoint("web", id)
            lost.held[endpoint.instance.key] = HeldEndpoint(endpoint: endpoint, since: .seconds(5))
        }
        let actions = machine.listChanged(to: lost, at: .seconds(5))
        #expect(try #require(actions.writes.first).update.table.endpointCount == 3)
        machine.settle(actions)
        #expect(machine.timePassed(to: .seconds(24)).writes.isEmpty)
        let over = machine.timePassed(to: .seconds(25))
        #expect(try #require(over.writes.first).update.table.endpointCount == 1)
    }

    @Test func anOutputThatHoldsNothingBelievesEverything() throws {
        var output = EndpointOutput(path: path)
        output.hold = .zero
        var machine = PublisherMachine([output])
        var lost = try list(0)
        let endpoint = try Lists.endpoint("web", "web-1")
        lost.held[endpoint.instance.key] = HeldEndpoint(endpoint: endpoint, since: .zero)
        let actions = machine.listChanged(to: lost, at: .zero)
        #expect(try #require(actions.writes.first).update.table.endpointCount == 0)
    }

    // MARK: an older list

    @Test func anOlderListIsWrittenOnlyWhereThereIsNoFileAndGivesWayToARealOne() throws {
        var machine = PublisherMachine([EndpointOutput(path: path)])
        let number = try #require(machine.olderListFound(try list(3)).looks.first)
        let actions = machine.fileLooked(path, number: number, exists: false, at: .zero)
        #expect(try #require(actions.writes.first).update.table.endpointCount == 3)
        machine.settle(actions)
        #expect(machine.hasWrittenAll)
        let real = machine.listChanged(to: try list(1), at: .seconds(1))
        #expect(try #require(real.writes.first).update.table.endpointCount == 1)
    }

    @Test func anOlderListThatSaysNothingOfTheServicesIsOfNoUse() throws {
        let db = EndpointOutput(path: path, services: try Lists.names("db"))
        var machine = PublisherMachine([db])
        #expect(machine.olderListFound(try list(3)).isEmpty)
    }

    @Test func aFileOfAnEarlierRunIsNotReplacedByAnOlderList() throws {
        var machine = PublisherMachine([EndpointOutput(path: path)])
        let number = try #require(machine.olderListFound(try list(3)).looks.first)
        let actions = machine.fileLooked(path, number: number, exists: true, at: .zero)
        #expect(actions.writes.isEmpty && machine.hasWrittenAll)
        #expect(machine.statuses == [path: .kept(.fromEarlierRun)])
        #expect(machine.listChanged(to: try list(1), at: .seconds(1)).writes.count == 1)
    }

    @Test func onceThereIsARealListAnOlderOneIsOfNoUse() throws {
        var machine = PublisherMachine([EndpointOutput(path: path)])
        machine.settle(machine.listChanged(to: try list(1), at: .zero))
        #expect(machine.olderListFound(try list(3)).isEmpty)
    }

    // MARK: parts

    private func list(_ count: Int) throws -> TableUpdate {
        let endpoints = try ends.prefix(count).map { try Lists.endpoint("web", $0) }
        return Lists.update(endpoints)
    }
}
