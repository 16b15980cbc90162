import Registry
import Testing

@testable import Daemon

@Suite struct ReadinessMachineTests {
    @Test func registeredAndWrittenIsReadyOnce() {
        var machine = ReadinessMachine(timeout: .seconds(30))
        #expect(machine.changed(to: facts(isSettled: true, hasWrittenAll: false)).isEmpty)
        #expect(machine.changed(to: facts(isSettled: false, hasWrittenAll: true)).isEmpty)
        #expect(machine.changed(to: facts(isSettled: true, hasWrittenAll: true)) == [.ready])
        #expect(machine.changed(to: facts(isSettled: true, hasWrittenAll: true)).isEmpty)
        #expect(machine.deadline == nil)
    }

    @Test func whileStartingSystemdIsAskedForMoreTimeThanTheNextQuestionIsAway() throws {
        var machine = ReadinessMachine(timeout: .seconds(30))
        var now = Duration.zero
        for _ in 0..<5 {
            #expect(machine.timePassed(to: now) == [.extendTimeout(.seconds(15))])
            let next = try #require(machine.deadline)
            #expect(next - now < .seconds(15))
            now = next
        }
    }

    @Test func afterTheTimeoutFilesOfAnEarlierRunAreGoodEnough() {
        var machine = ReadinessMachine(timeout: .seconds(3))
        _ = machine.timePassed(to: .zero)
        #expect(machine.timePassed(to: .seconds(3)).contains(.offerLastList))
        #expect(machine.lastListOffered(exists: false) == [.checkFiles])
        #expect(machine.filesChecked(allExist: true) == [.readyDegraded(filesExist: true)])
        // Right when etcd comes: nobody has to be told READY=1 a second time.
        #expect(machine.changed(to: facts(isSettled: true, hasWrittenAll: true)).isEmpty)
        #expect(machine.state == .ready)
    }

    @Test func withoutAnyListTheStartGoesOnAndTheFilesAreLookedForAgain() throws {
        var machine = ReadinessMachine(timeout: .seconds(3))
        var now = Duration.zero
        var checks = 0
        while checks < 10 {
            if machine.timePassed(to: now).contains(.checkFiles) {
                checks += 1
                #expect(machine.filesChecked(allExist: false).isEmpty)
            }
            now = try #require(machine.deadline)
        }
        #expect(machine.changed(to: facts(isSettled: true, hasWrittenAll: true)) == [.ready])
    }

    @Test func afterTheTimeoutAListIsEnoughAlsoWhenTheRegistrationHangs() {
        var machine = ReadinessMachine(timeout: .seconds(3))
        _ = machine.timePassed(to: .seconds(3))
        #expect(
            machine.changed(to: facts(isSettled: false, hasWrittenAll: true)) == [
                .readyDegraded(filesExist: true)
            ]
        )
    }

    @Test func aTimeoutOfZeroDoesNotWait() {
        var machine = ReadinessMachine(timeout: .zero)
        #expect(machine.timePassed(to: .zero).contains(.offerLastList))
    }

    @Test func theListOfAnEarlierRunIsWaitedForUntilItIsInTheFiles() {
        var machine = ReadinessMachine(timeout: .seconds(3), needsFiles: false)
        _ = machine.timePassed(to: .seconds(3))
        #expect(machine.lastListOffered(exists: true) == [.checkFiles])
        #expect(machine.filesChecked(allExist: false).isEmpty)
        #expect(machine.changed(to: facts(isSettled: false, hasWrittenAll: false)) == [.checkFiles])
        #expect(machine.filesChecked(allExist: true) == [.readyDegraded(filesExist: true)])
    }

    @Test func withoutAnyListThePolicyMayBeNotToWait() {
        var machine = ReadinessMachine(timeout: .seconds(3), needsFiles: false)
        _ = machine.timePassed(to: .seconds(3))
        #expect(machine.lastListOffered(exists: false) == [.checkFiles])
        #expect(machine.filesChecked(allExist: false) == [.readyDegraded(filesExist: false)])
    }

    private let lease = LeaseID(rawValue: 7)

    @Test func `ready means that the files show our own registrations`() {
        var machine = ReadinessMachine(timeout: .seconds(30))
        var facts = ReadinessMachine.Facts(
            registrations: [.registered(lease: lease, at: 5), .registered(lease: lease, at: 9)],
            hasList: true,
            written: 8
        )
        #expect(machine.changed(to: facts).isEmpty)
        facts.written = 9
        #expect(machine.changed(to: facts) == [.ready])
    }

    @Test func `a service that waits for an address or for its first check is waited for`() {
        for (withoutAddress, unjudged) in [(1, 0), (0, 1)] {
            var machine = ReadinessMachine(timeout: .seconds(30))
            var facts = facts(isSettled: true, hasWrittenAll: true)
            facts.withoutAddress = withoutAddress
            facts.unjudged = unjudged
            #expect(machine.changed(to: facts).isEmpty)
            facts.withoutAddress = 0
            facts.unjudged = 0
            #expect(machine.changed(to: facts) == [.ready])
        }
    }

    @Test func `a refused registration does not hold up the start`() {
        var machine = ReadinessMachine(timeout: .seconds(30))
        let holder = Holder(owner: OwnerID("other"), lease: lease, address: "10.0.0.9:80")
        let facts = ReadinessMachine.Facts(
            registrations: [
                .refused(.heldByAnotherHost(holder)), .registered(lease: lease, at: 5),
            ],
            hasList: true,
            written: 5
        )
        #expect(machine.changed(to: facts) == [.ready])
    }

    @Test func `files of an earlier run are no reason to be ready before the timeout`() {
        var machine = ReadinessMachine(timeout: .seconds(30))
        // A file that is kept counts as holding every revision.
        let facts = ReadinessMachine.Facts(hasList: false, written: Revision(rawValue: .max))
        #expect(machine.changed(to: facts).isEmpty)
    }

    private func facts(isSettled: Bool, hasWrittenAll: Bool) -> ReadinessMachine.Facts {
        ReadinessMachine.Facts(
            registrations: [isSettled ? .registered(lease: lease, at: 5) : .pending(nil)],
            hasList: true,
            written: hasWrittenAll ? 5 : nil
        )
    }
}
