import Registry
import Testing

@testable import Etcd

@Suite struct TLSFilesMachineTests {
    private static let day = 24 * 3600

    @Test func filesThatAreTheSameAreNoNews() {
        var machine = machine()
        #expect(machine.filesRead(fingerprint: 1, now: 0) == .keep)
        #expect(machine.filesRead(fingerprint: 1, now: 89 * Self.day) == .keep)
    }

    @Test func changedFilesAreMovedTo() {
        var machine = machine()
        #expect(
            machine.filesRead(fingerprint: 2, now: 0)
                == .moveOn(because: "the files of its TLS have changed")
        )
    }

    @Test func filesThatCannotBeUsedAreSaidOnceAndAgainAfterTheyCould() {
        var machine = machine()
        let sentence = "no pair (the connection goes on with what was read before)"
        #expect(machine.filesUnusable("no pair") == .say(sentence))
        #expect(machine.filesUnusable("no pair") == .keep)
        #expect(machine.filesRead(fingerprint: 1, now: 0) == .keep)
        #expect(machine.filesUnusable("no pair") == .say(sentence))
    }

    @Test func theEndOfOurCertificateIsSaidOnceInItsLastWeek() {
        var machine = machine()
        guard case .say(let sentence) = machine.filesRead(fingerprint: 1, now: 94 * Self.day) else {
            Issue.record("nothing is said")
            return
        }
        #expect(sentence.contains("ends on 1970-04-11 00:00 UTC"))
        #expect(machine.filesRead(fingerprint: 1, now: 95 * Self.day) == .keep)
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

    private func machine() -> TLSFilesMachine {
        TLSFilesMachine(
            inUse: 1,
            validity: CertificateValidity(begins: 0, ends: 100 * Self.day),
            interval: .seconds(30),
            generator: SeededGenerator(seed: 3)
        )
    }
}
