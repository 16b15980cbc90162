import Certificates
import Machines
import Testing

@testable import Etcd

@Suite struct TLSFilesMachineTests {
    private static let day = 24 * 3600

    @Test func filesThatAreTheSameAreNoNews() {
        var machine = machine()
        #expect(machine.filesRead(.init(fingerprint: 1), now: 0) == .keep)
        #expect(machine.filesRead(.init(fingerprint: 1), now: 89 * Self.day) == .keep)
    }

    @Test func changedFilesAreTriedBeforeTheyAreMovedTo() {
        var machine = machine()
        #expect(machine.filesRead(.init(fingerprint: 2), now: 0) == .tryNew)
        // They do not serve: said once, and tried again soon.
        let sentence = "another CA (the connection continues with the files read before)"
        #expect(machine.filesUnusable("another CA") == .say(sentence))
        #expect(machine.nextLook(now: 0) <= .milliseconds(6250))
        #expect(machine.filesRead(.init(fingerprint: 2), now: 0) == .tryNew)
        #expect(machine.filesUnusable("another CA") == .keep)
    }

    @Test func filesThatCannotBeUsedAreSaidOnceAndAgainAfterTheyCould() {
        var machine = machine()
        let sentence = "no pair (the connection continues with the files read before)"
        #expect(machine.filesUnusable("no pair") == .say(sentence))
        #expect(machine.filesUnusable("no pair") == .keep)
        #expect(machine.filesRead(.init(fingerprint: 1), now: 0) == .keep)
        #expect(machine.filesUnusable("no pair") == .say(sentence))
    }

    @Test func theEndOfOurCertificateIsSaidOnceInItsLastWeek() {
        var machine = machine()
        guard case .say(let sentence) = machine.filesRead(.init(fingerprint: 1), now: 94 * Self.day)
        else {
            Issue.record("nothing is said")
            return
        }
        #expect(sentence.contains("expires on 1970-04-11 00:00 UTC"))
        #expect(machine.filesRead(.init(fingerprint: 1), now: 95 * Self.day) == .keep)
    }

    @Test func aLookComesBeforeTheCertificateEnds() {
        var machine = machine()
        for _ in 0..<100 {
            let usual = machine.nextLook(now: 0)
            #expect((.milliseconds(22500) ... .milliseconds(37500)).contains(usual))
            #expect(machine.nextLook(now: 100 * Self.day - 30) <= .seconds(10))
            #expect(machine.nextLook(now: 100 * Self.day - 1) == .seconds(1))
        }
    }

    @Test func anAuthorityThatEndsIsLookedAtWhenItDoesAndTheConnectionIsKept() {
        var machine = machine(
            .init(fingerprint: 1, authorities: [0, 1], authoritiesChangeAt: 1000)
        )
        #expect(machine.nextLook(now: 0) > .seconds(1))
        for _ in 0..<100 {
            #expect((.seconds(10) ... .seconds(15)).contains(machine.nextLook(now: 990)))
            #expect((.seconds(1) ... .seconds(5)).contains(machine.nextLook(now: 1000)))
        }
        let later = TLSFilesMachine.Files(fingerprint: 1, authorities: [1])
        #expect(machine.filesRead(later, now: 1000) == .tryOut)
        #expect(machine.triedOut(now: 1000) == .keep)
        #expect(machine.filesRead(later, now: 1001) == .keep)
        #expect(machine.nextLook(now: 1000) > .seconds(20))
    }

    @Test func whenNoConnectionWouldServeWithoutAnAuthorityThatIsSaidOnceAndTriedAgain() {
        var machine = machine(
            .init(fingerprint: 1, authorities: [0, 1], authoritiesChangeAt: 1000)
        )
        let later = TLSFilesMachine.Files(fingerprint: 1, authorities: [1])
        let sentence = "it has expired (the connection continues with the files read before)"
        #expect(machine.filesRead(later, now: 1000) == .tryOut)
        #expect(machine.trialFailed("it has expired", now: 1000) == .say(sentence))
        // The files are looked at soon; but all hosts of a fleet see the same date pass, and none makes a
        // connection for it more often than at its usual looks.
        #expect(machine.nextLook(now: 1001) <= .milliseconds(6250))
        for now in 1001..<1022 { #expect(machine.filesRead(later, now: now) == .keep) }
        #expect(machine.filesRead(later, now: 1038) == .tryOut)
        #expect(machine.trialFailed("it has expired", now: 1038) == .keep)
        // The renewed one is put into the file.
        let renewed = TLSFilesMachine.Files(fingerprint: 2, authorities: [1, 2])
        #expect(machine.filesRead(renewed, now: 1039) == .tryNew)
    }

    private func machine(
        _ files: TLSFilesMachine.Files = .init(fingerprint: 1)
    ) -> TLSFilesMachine {
        TLSFilesMachine(
            inUse: files,
            validity: CertificateValidity(begins: 0, ends: 100 * Self.day),
            interval: .seconds(30),
            generator: SeededGenerator(seed: 3)
        )
    }
}
