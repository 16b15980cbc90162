import Testing

@testable import discoveryd

@Suite struct ReadinessMachineTests {
    @Test func registeredAndWrittenIsReadyOnce() {
        var machine = ReadinessMachine(timeout: .seconds(30))
        #expect(machine.progressed(isSettled: true, hasWrittenAll: false).isEmpty)
        #expect(machine.progressed(isSettled: false, hasWrittenAll: true).isEmpty)
        #expect(machine.progressed(isSettled: true, hasWrittenAll: true) == [.ready])
        #expect(machine.progressed(isSettled: true, hasWrittenAll: true).isEmpty)
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
        #expect(machine.progressed(isSettled: true, hasWrittenAll: true).isEmpty)
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
        #expect(machine.progressed(isSettled: true, hasWrittenAll: true) == [.ready])
    }

    @Test func afterTheTimeoutAListIsEnoughAlsoWhenTheRegistrationHangs() {
        var machine = ReadinessMachine(timeout: .seconds(3))
        _ = machine.timePassed(to: .seconds(3))
        #expect(
            machine.progressed(isSettled: false, hasWrittenAll: true) == [
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
        #expect(machine.progressed(isSettled: false, hasWrittenAll: false) == [.checkFiles])
        #expect(machine.filesChecked(allExist: true) == [.readyDegraded(filesExist: true)])
    }

    @Test func withoutAnyListThePolicyMayBeNotToWait() {
        var machine = ReadinessMachine(timeout: .seconds(3), needsFiles: false)
        _ = machine.timePassed(to: .seconds(3))
        #expect(machine.lastListOffered(exists: false) == [.checkFiles])
        #expect(machine.filesChecked(allExist: false) == [.readyDegraded(filesExist: false)])
    }
}
