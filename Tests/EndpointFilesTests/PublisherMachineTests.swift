import Files
import Machines
import Registry
import Testing

@testable import EndpointFiles

@Suite struct PublisherMachineTests {
    private let all = EndpointOutput(path: "/out/all.json")

    @Test func nothingIsWrittenBeforeThereIsAList() {
        var machine = machine([all])
        #expect(machine.statuses == ["/out/all.json": .waiting])
        #expect(!machine.hasWrittenAll)
        let actions = machine.listChanged(to: Lists.update([]), at: .zero)
        #expect(writes(in: actions).map(\.path) == ["/out/all.json"])
    }

    /// An output that was configured anew, of services that nobody wanted before: the list is read again for
    /// them, and until then says nothing of them.
    @Test func anOutputWaitsForAListOfItsServices() throws {
        let web = EndpointOutput(path: "/out/web.json", services: try Lists.names("web"))
        let db = EndpointOutput(path: "/out/db.json", services: try Lists.names("db"))
        var machine = machine([web])
        var list = Lists.update([try Lists.endpoint("web", "1")])
        list.selection = .only(Set(try Lists.names("web")))
        settle(&machine, machine.listChanged(to: list, at: .zero))
        #expect(writes(in: machine.outputsChanged(to: [web, db], at: .zero)).isEmpty)
        list.revision = list.revision.next
        #expect(writes(in: machine.listChanged(to: list, at: .zero)).isEmpty)
        #expect(machine.statuses["/out/db.json"] == .waiting && !machine.hasWrittenAll)
        list.selection = .all
        let actions = machine.listChanged(to: list, at: .zero)
        #expect(writes(in: actions).map(\.path) == ["/out/db.json"])
    }

    @Test func withoutOutputsEverythingIsWritten() {
        #expect(machine([]).hasWrittenAll)
    }

    @Test func onlyOutputsThatShowTheChangeAreWritten() throws {
        let web = EndpointOutput(path: "/out/web.json", services: try Lists.names("web"))
        var machine = machine([all, web])
        settle(&machine, machine.listChanged(to: Lists.update([]), at: .zero))
        let change = Lists.update([try Lists.endpoint("db", "1")], revision: 43)
        #expect(
            writes(in: machine.listChanged(to: change, at: .zero)).map(\.path) == ["/out/all.json"]
        )
    }

    @Test func severalChangesDuringAWriteAreWrittenOnceAndNoneIsForgotten() throws {
        var machine = machine([all])
        settle(&machine, machine.listChanged(to: Lists.update([]), at: .zero))
        for (revision, name) in [(43, "a"), (44, "b"), (45, "c")] as [(Int64, String)] {
            let update = Lists.update(
                [try Lists.endpoint(name, "1")],
                revision: Revision(rawValue: revision)
            )
            let actions = machine.listChanged(to: update, at: .zero)
            #expect(writes(in: actions).count == (revision == 43 ? 1 : 0))
        }
        let next = machine.writeEnded("/out/all.json", number: 2, revision: 43, bytes: 1, at: .zero)
        guard case .write(_, let update, let number)? = next.last else {
            Issue.record("no second write")
            return
        }
        #expect(update.revision == 45)
        #expect(update.table.names.map(\.text) == ["c"])
        let last = machine.writeEnded(
            "/out/all.json",
            number: number,
            revision: 45,
            bytes: 1,
            at: .zero
        )
        #expect(writes(in: last).isEmpty)
        // Whoever is to load it hears of it first.
        guard case .replaced("/out/all.json")? = last.first, last.count == 2,
            case .report(.written)? = last.last
        else {
            Issue.record("not told and reported: \(last)")
            return
        }
        #expect(machine.statuses == ["/out/all.json": .current(45)])
    }

    @Test func aFailedWriteIsTriedAgainUntilItSucceedsAndSaidOnce() throws {
        var machine = machine([all])
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
            #expect(writes(in: actions).count == 1)
            actions = machine.writeFailed(all.path, number: round + 1, error, at: now)
            let reports = actions.count { if case .report(.failed) = $0 { true } else { false } }
            #expect(reports == (now == .zero ? 1 : 0))
            now = try #require(machine.deadline)
            actions = machine.timePassed(to: now)
        }
        #expect(!machine.hasWrittenAll)
        _ = machine.writeEnded(all.path, number: 21, revision: 42, bytes: 1, at: now)
        #expect(machine.hasWrittenAll)
    }

    @Test func anOutputAddedOnReloadIsWrittenAtOnceAndTheOthersAreNotTouched() {
        var machine = machine([all])
        settle(&machine, machine.listChanged(to: Lists.update([]), at: .zero))
        let second = EndpointOutput(path: "/out/second.json")
        let actions = machine.outputsChanged(to: [all, second], at: .zero)
        #expect(writes(in: actions).map(\.path) == ["/out/second.json"])
    }

    @Test func anOutputThatIsRemovedIsSaidOnceAndForgotten() {
        var machine = machine([all])
        settle(&machine, machine.listChanged(to: Lists.update([]), at: .zero))
        let actions = machine.outputsChanged(to: [], at: .zero)
        #expect(actions == [.forget(path: all.path), .report(.abandoned(path: all.path))])
        #expect(machine.outputsChanged(to: [], at: .zero).isEmpty)
        #expect(
            machine.writeEnded("/out/all.json", number: 1, revision: 42, bytes: 1, at: .zero)
                .isEmpty
        )
    }

    @Test func theOutcomeOfAWriteOfTheOldSpecificationIsNotTakenForTheNewOnes() {
        var machine = machine([all])
        _ = machine.listChanged(to: Lists.update([]), at: .zero)
        var restricted = all
        restricted.access.mode = 0o600
        #expect(writes(in: machine.outputsChanged(to: [restricted], at: .zero)) == [restricted])
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
        var machine = machine([all])
        settle(&machine, machine.listChanged(to: Lists.update([]), at: .zero))
        let due = try #require(machine.deadline)
        let checks = machine.timePassed(to: due)
        #expect(checks.contains(.inspect(path: all.path)))
        #expect(writes(in: checks).isEmpty)
        let next = try #require(machine.deadline)
        #expect(next > due)
        #expect(writes(in: machine.fileAltered(all.path, at: due)).map(\.path) == [all.path])
    }

    private func machine(_ outputs: [EndpointOutput]) -> PublisherMachine {
        var machine = PublisherMachine(generator: SeededGenerator(seed: 3))
        _ = machine.outputsChanged(to: outputs, at: .zero)
        return machine
    }

    private func writes(in actions: [PublisherMachine.Action]) -> [EndpointOutput] {
        actions.compactMap { if case .write(let output, _, _) = $0 { output } else { nil } }
    }

    private func settle(_ machine: inout PublisherMachine, _ actions: [PublisherMachine.Action]) {
        for action in actions {
            guard case .write(let output, _, let number) = action else { continue }
            _ = machine.writeEnded(
                output.path,
                number: number,
                revision: 42,
                bytes: 1,
                at: .zero
            )
        }
    }
}
