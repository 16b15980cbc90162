import Files
import Registry
import Testing

@testable import EndpointFiles

@Suite struct PublisherMachineTests {
    private let all = EndpointOutput(path: "/out/all.json")

    @Test func nothingIsWrittenBeforeThereIsAList() {
        var machine = PublisherMachine([all])
        #expect(machine.statuses == ["/out/all.json": .waiting])
        #expect(!machine.hasWrittenAll)
        let actions = machine.listChanged(to: Lists.update([]), at: .zero)
        #expect(actions.writes.map(\.output.path) == ["/out/all.json"])
    }

    /// An output that was configured anew, of services that nobody wanted before: the list is read again for
    /// them, and until then says nothing of them.
    @Test func anOutputWaitsForAListOfItsServices() throws {
        let web = EndpointOutput(path: "/out/web.json", services: try Lists.names("web"))
        let db = EndpointOutput(path: "/out/db.json", services: try Lists.names("db"))
        var machine = PublisherMachine([web])
        var list = Lists.update([try Lists.endpoint("web", "1")])
        list.selection = .only(Set(try Lists.names("web")))
        machine.settle(machine.listChanged(to: list, at: .zero))
        #expect(machine.outputsChanged(to: [web, db], at: .zero).writes.isEmpty)
        // Not due until then: it would be again and again, while etcd is away for as long as that lasts.
        let due = try #require(machine.deadline)
        #expect(due > .zero)
        list.revision = list.revision.next
        #expect(machine.listChanged(to: list, at: .zero).writes.isEmpty)
        #expect(machine.statuses["/out/db.json"] == .waiting && !machine.hasWrittenAll)
        list.selection = .all
        let actions = machine.listChanged(to: list, at: .zero)
        #expect(actions.writes.map(\.output.path) == ["/out/db.json"])
    }

    @Test func withoutOutputsEverythingIsWritten() {
        #expect(PublisherMachine([]).hasWrittenAll)
    }

    @Test func onlyOutputsThatShowTheChangeAreWritten() throws {
        let web = EndpointOutput(path: "/out/web.json", services: try Lists.names("web"))
        var machine = PublisherMachine([all, web])
        machine.settle(machine.listChanged(to: Lists.update([]), at: .zero))
        let change = Lists.update([try Lists.endpoint("db", "1")], revision: 43)
        #expect(
            machine.listChanged(to: change, at: .zero).writes.map(\.output.path) == [
                "/out/all.json"
            ]
        )
    }

    @Test func severalChangesDuringAWriteAreWrittenOnceAndNoneIsForgotten() throws {
        var machine = PublisherMachine([all])
        machine.settle(machine.listChanged(to: Lists.update([]), at: .zero))
        for (revision, name) in [(43, "a"), (44, "b"), (45, "c")] as [(Int64, String)] {
            let update = Lists.update(
                [try Lists.endpoint(name, "1")],
                revision: Revision(rawValue: revision)
            )
            let actions = machine.listChanged(to: update, at: .zero)
            #expect(actions.writes.count == (revision == 43 ? 1 : 0))
        }
        let next = machine.writeEnded("/out/all.json", number: 2, revision: 43, bytes: 1, at: .zero)
        #expect(
            next == [
                .replaced(path: all.path, isChecked: false),
                .report(.written(path: all.path, revision: 43, bytes: 1)),
                .write(all, Lists.update([try Lists.endpoint("c", "1")], revision: 45), number: 3),
            ]
        )
        // Whoever is to load it hears of it first.
        #expect(
            machine.writeEnded(all.path, number: 3, revision: 45, bytes: 1, at: .zero) == [
                .replaced(path: all.path, isChecked: false),
                .report(.written(path: all.path, revision: 45, bytes: 1)),
            ]
        )
        #expect(machine.statuses == ["/out/all.json": .current(45)])
    }

    @Test func aFailedWriteIsTriedAgainUntilItSucceedsAndSaidOnce() throws {
        var machine = PublisherMachine([all])
        let error = FileError(
            code: .noSpace,
            path: all.path,
            call: "write",
            errno: 28,
            message: "full"
        )
        var actions = machine.listChanged(to: Lists.update([]), at: .zero)
        var now = Duration.zero
        for round in 0..<20 {
            #expect(actions.writes.count == 1)
            actions = machine.writeFailed(all.path, number: round + 1, error, at: now)
            let next = try #require(machine.deadline)
            #expect(actions == (round == 0 ? [.report(.failed(error, retryIn: next))] : []))
            now = next
            actions = machine.timePassed(to: now)
        }
        #expect(!machine.hasWrittenAll)
        _ = machine.writeEnded(all.path, number: 21, revision: 42, bytes: 1, at: now)
        #expect(machine.hasWrittenAll)
    }

    @Test func anOutputAddedOnReloadIsWrittenAtOnceAndTheOthersAreNotTouched() {
        var machine = PublisherMachine([all])
        machine.settle(machine.listChanged(to: Lists.update([]), at: .zero))
        let second = EndpointOutput(path: "/out/second.json")
        let actions = machine.outputsChanged(to: [all, second], at: .zero)
        #expect(actions.writes.map(\.output.path) == ["/out/second.json"])
    }

    @Test func anOutputThatIsRemovedIsSaidOnceAndForgotten() {
        var machine = PublisherMachine([all])
        machine.settle(machine.listChanged(to: Lists.update([]), at: .zero))
        let actions = machine.outputsChanged(to: [], at: .zero)
        #expect(actions == [.forget(path: all.path), .report(.abandoned(path: all.path))])
        #expect(machine.outputsChanged(to: [], at: .zero).isEmpty)
        #expect(
            machine.writeEnded("/out/all.json", number: 1, revision: 42, bytes: 1, at: .zero)
                .isEmpty
        )
    }

    @Test func theOutcomeOfAWriteOfTheOldSpecificationIsNotTakenForTheNewOnes() {
        var machine = PublisherMachine([all])
        _ = machine.listChanged(to: Lists.update([]), at: .zero)
        var restricted = all
        restricted.access.mode = 0o600
        #expect(
            machine.outputsChanged(to: [restricted], at: .zero).writes.map(\.output) == [restricted]
        )
        #expect(machine.writeEnded(all.path, number: 1, revision: 42, bytes: 1, at: .zero).isEmpty)
        let error = FileError(
            code: .noSpace,
            path: all.path,
            call: "write",
            errno: 28,
            message: "full"
        )
        #expect(machine.writeFailed(all.path, number: 2, error, at: .zero).count == 1)
        #expect(machine.statuses == [all.path: .failed(error)])
    }

    @Test func filesAreLookedAtNowAndThenAndAnAlteredOneIsWrittenAgain() throws {
        var machine = PublisherMachine([all])
        machine.settle(machine.listChanged(to: Lists.update([]), at: .zero))
        let due = try #require(machine.deadline)
        let checks = machine.timePassed(to: due)
        #expect(checks.contains(.inspect(path: all.path)))
        #expect(checks.writes.isEmpty)
        let next = try #require(machine.deadline)
        #expect(next > due)
        #expect(machine.fileAltered(all.path, at: due).writes.map(\.output.path) == [all.path])
    }
}
