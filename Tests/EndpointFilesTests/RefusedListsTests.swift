import Programs
import Registry
import Testing

@testable import EndpointFiles

/// What becomes of a list that a program refuses.
@Suite struct RefusedListsTests {
    private let path = "/out/web.cfg"
    private let no = ProgramFault(code: .refused, message: "line 3 of process 4711 is bad")
    private let late = ProgramFault(code: .notDone, message: "took longer than 10s")

    @Test func itIsLeftAloneUntilTheListChangesOrAMinuteHasPassed() throws {
        var machine = machine()
        let refused = machine.listRefused(path, number: 1, no, at: .seconds(1))
        #expect(refused == [.report(.refused(path: path, no))])
        #expect(machine.deadline == .seconds(61))
        #expect(machine.timePassed(to: .seconds(60)).writes.isEmpty)
        // The same list is no change.
        #expect(machine.listChanged(to: Lists.update([]), at: .seconds(60)).writes.isEmpty)
        #expect(
            machine.listChanged(to: try list("web-1"), at: .seconds(60)).writes.map(\.number) == [2]
        )
        _ = machine.listRefused(path, number: 2, no, at: .seconds(61))
        // It may be something beside the list that was at fault.
        #expect(machine.timePassed(to: .seconds(121)).writes.map(\.number) == [3])
    }

    @Test func itIsTriedAgainWhenTheConfigurationIsReadAgain() {
        var machine = machine()
        _ = machine.listRefused(path, number: 1, no, at: .zero)
        #expect(machine.outputsChanged(to: [output], at: .seconds(1)).writes.map(\.number) == [2])
        #expect(machine.listRefused(path, number: 2, no, at: .seconds(2)) == [])
    }

    @Test func itIsSaidOnceWhateverNumbersTheProgramNames() throws {
        var machine = machine()
        #expect(
            machine.listRefused(path, number: 1, no, at: .zero)
                == [.report(.refused(path: path, no))]
        )
        _ = machine.listChanged(to: try list("web-1"), at: .seconds(1))
        #expect(machine.statuses == [path: .refused(no)])
        let same = ProgramFault(code: .refused, message: "line 5 of process 815 is bad")
        #expect(machine.listRefused(path, number: 2, same, at: .seconds(2)) == [])
        _ = machine.listChanged(to: try list("web-2"), at: .seconds(3))
        let other = ProgramFault(code: .refused, message: "no such user")
        #expect(
            machine.listRefused(path, number: 3, other, at: .seconds(4))
                == [.report(.refused(path: path, other))]
        )
    }

    @Test func aProgramThatCouldNotBeAskedIsAskedAgainSoonButNotForEachChange() throws {
        var machine = machine()
        _ = machine.listRefused(path, number: 1, late, at: .zero)
        let due = try #require(machine.deadline)
        #expect(due <= .seconds(10))
        let before = due / 2
        #expect(machine.listChanged(to: try list("web-1"), at: before).writes.isEmpty)
        #expect(machine.timePassed(to: due).writes.map(\.number) == [2])
    }

    private var output: EndpointOutput {
        var output = EndpointOutput(path: path)
        output.check = ProgramCall(["check", "{file}"])
        return output
    }

    private func list(_ id: String) throws -> TableUpdate {
        Lists.update([try Lists.endpoint("web", id)])
    }

    /// A machine whose write number 1 is under way.
    private func machine() -> PublisherMachine {
        var machine = PublisherMachine([output])
        _ = machine.listChanged(to: Lists.update([]), at: .zero)
        return machine
    }
}
