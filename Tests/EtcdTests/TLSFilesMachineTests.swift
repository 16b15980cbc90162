import Certificates
import Machines
import Testing

@testable import Etcd

@Suite struct TLSFilesMachineTests {
    private static let day = 24 * 3600

    @Test func filesThatAreTheSameAreNoNews() {
        var machine = machine()
        #expect(read(&machine, .init(fingerprint: 1), wall: 0) == [])
        #expect(read(&machine, .init(fingerprint: 1), wall: 89 * Self.day) == [])
    }

    @Test func changedFilesAreTriedBeforeTheyAreMovedTo() {
        var machine = machine()
        #expect(read(&machine, .init(fingerprint: 2), wall: 0) == [.tryNew])
        // They do not serve: said once, and tried again soon.
        let sentence = "another CA (the connection continues with the files read before)"
        #expect(machine.filesUnusable("another CA", wall: 0, at: .zero) == [.report(sentence)])
        #expect(machine.nextLook(wall: 0) <= .milliseconds(6250))
        #expect(read(&machine, .init(fingerprint: 2), wall: 0) == [.tryNew])
        #expect(machine.filesUnusable("another CA", wall: 0, at: .zero) == [])
    }

    @Test func filesThatCannotBeUsedAreSaidOnceAndAgainAfterTheyCould() {
        var machine = machine()
        let sentence = "no pair (the connection continues with the files read before)"
        #expect(unusable(&machine, "no pair") == [.report(sentence)])
        #expect(unusable(&machine, "no pair") == [])
        #expect(read(&machine, .init(fingerprint: 1), wall: 0) == [])
        #expect(unusable(&machine, "no pair") == [.report(sentence)])
    }

    @Test func theEndOfOurCertificateIsSaidOnceInItsLastWeek() {
        var machine = machine()
        guard
            case .report(let sentence)? = read(&machine, .init(fingerprint: 1), wall: 94 * Self.day)
                .first
        else {
            Issue.record("nothing is said")
            return
        }
        #expect(sentence.contains("expires on 1970-04-11 00:00 UTC"))
        #expect(read(&machine, .init(fingerprint: 1), wall: 95 * Self.day) == [])
    }

    @Test func aLookComesBeforeTheCertificateEnds() {
        var machine = machine()
        for _ in 0..<100 {
            let usual = machine.nextLook(wall: 0)
            #expect((.milliseconds(22500) ... .milliseconds(37500)).contains(usual))
            #expect(machine.nextLook(wall: 100 * Self.day - 30) <= .seconds(10))
            #expect(machine.nextLook(wall: 100 * Self.day - 1) == .seconds(1))
        }
    }

    @Test func anAuthorityThatEndsIsLookedAtWhenItDoesAndTheConnectionIsKept() {
        var machine = machine(
            .init(fingerprint: 1, authorities: [0, 1], authoritiesChangeAt: 1000)
        )
        #expect(machine.nextLook(wall: 0) > .seconds(1))
        for _ in 0..<100 {
            #expect((.seconds(10) ... .seconds(15)).contains(machine.nextLook(wall: 990)))
            #expect((.seconds(1) ... .seconds(5)).contains(machine.nextLook(wall: 1000)))
        }
        let later = TLSFilesMachine.Files(fingerprint: 1, authorities: [1])
        #expect(read(&machine, later, wall: 1000) == [.tryOut])
        #expect(machine.triedOut(wall: 1000, at: .zero) == [])
        #expect(read(&machine, later, wall: 1001) == [])
        #expect(machine.nextLook(wall: 1000) > .seconds(20))
    }

    @Test func whenNoConnectionWouldServeWithoutAnAuthorityThatIsSaidOnceAndTriedAgain() {
        var machine = machine(
            .init(fingerprint: 1, authorities: [0, 1], authoritiesChangeAt: 1000)
        )
        let later = TLSFilesMachine.Files(fingerprint: 1, authorities: [1])
        let sentence = "it has expired (the connection continues with the files read before)"
        #expect(read(&machine, later, wall: 1000) == [.tryOut])
        #expect(machine.trialFailed("it has expired", wall: 1000, at: .zero) == [.report(sentence)])
        // The files are looked at soon; but all hosts of a fleet see the same date pass, and none makes a
        // connection for it more often than at its usual looks.
        #expect(machine.nextLook(wall: 1001) <= .milliseconds(6250))
        for now in 1001..<1022 { #expect(read(&machine, later, wall: now) == []) }
        #expect(read(&machine, later, wall: 1038) == [.tryOut])
        #expect(machine.trialFailed("it has expired", wall: 1038, at: .zero) == [])
        // The renewed one is put into the file.
        let renewed = TLSFilesMachine.Files(fingerprint: 2, authorities: [1, 2])
        #expect(read(&machine, renewed, wall: 1039) == [.tryNew])
    }

    /// Lets the next look come, and tells what it finds.
    private func read(
        _ machine: inout TLSFilesMachine,
        _ files: TLSFilesMachine.Files,
        wall: Int
    ) -> [TLSFilesMachine.Action] {
        look(&machine, wall: wall)
        return machine.filesRead(files, wall: wall, at: .zero)
    }

    private func unusable(
        _ machine: inout TLSFilesMachine,
        _ sentence: String
    ) -> [TLSFilesMachine.Action] {
        look(&machine, wall: 0)
        return machine.filesUnusable(sentence, wall: 0, at: .zero)
    }

    private func look(_ machine: inout TLSFilesMachine, wall: Int) {
        _ = machine.started(wall: wall, at: .zero)
        #expect(machine.timePassed(to: machine.deadline ?? .zero) == [.read])
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
