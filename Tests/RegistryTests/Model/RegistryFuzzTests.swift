import TestKit
import Testing
import Texts

@testable import Registry

/// Every parser of the registry that eats bytes of others. That none of them ends the program shows by
/// the run itself.
@Suite struct RegistryFuzzTests {
    private let key: ServiceKey

    init() throws {
        key = try ServiceKey("web/web-1")
    }

    @Test func whateverAValueHoldsWhatIsReadFitsAndIsWrittenAsItWasRead() {
        let complaint = Fuzzing.complaint(corpus: Self.values) { bytes in
            guard let record = try? RecordCodec.decode(bytes, key: key) else { return .refused }
            if let fault = RecordLimits.fault(in: record.instance) { return .wrong("it \(fault)") }
            guard record.instance.port > 0 else { return .wrong("port 0") }
            guard let owner = record.owner ?? OwnerID("nobody") else { return .wrong("no owner") }
            let written = RecordCodec.encode(record.instance, owner: owner, state: record.state)
            guard let again = try? RecordCodec.decode(written, key: key) else {
                return .wrong("not readable when written again")
            }
            return again.instance == record.instance && again.state == record.state
                ? .right : .wrong("another one when written again")
        }
        #expect(complaint == nil)
    }

    @Test func aKeyThatIsReadIsTheKeyThatIsWritten() {
        let corpus = [
            "services/web/web-1", "services/web/10.0.0.1:80", "services//", "services/a/b/c",
        ]
        let complaint = Fuzzing.complaint(corpus: corpus) { bytes in
            let found = StoreKey(bytes)
            guard let key = RegistryPrefix.standard.parse(found) else { return .refused }
            return StoreKey(RegistryPrefix.standard.key(key)) == found
                ? .right : .wrong("read as \(key)")
        }
        #expect(complaint == nil)
    }

    @Test func anAddressThatIsReadIsReadAgainAsItIsWritten() {
        let corpus = [
            "10.0.0.1:80", "[2001:db8::5]:8080", "host.example.org:1", "[fe80::1%eth0]:80",
        ]
        let complaint = Fuzzing.complaint(corpus: corpus) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            guard let (address, port) = HostAddress.split(text) else { return .refused }
            guard let again = HostAddress.split(address.joined(port: port)) else {
                return .wrong("\(address) is not readable when written again")
            }
            return again.address == address && again.port == port
                ? .right : .wrong("\(again) is another one")
        }
        #expect(complaint == nil)
    }

    @Test func whateverStandsInTheFileOfTheLeaseItIsALeaseOrNothing() {
        let corpus = [#"{"cluster_id":7,"owner":"a","prefix":"services/","lease":12,"ttl":10}"#]
        let complaint = Fuzzing.complaint(corpus: corpus) { bytes in
            guard let kept = SavedLease(bytes) else { return .refused }
            return SavedLease(kept.bytes) == kept
                ? .right : .wrong("another one when written again")
        }
        #expect(complaint == nil)
    }

    private static let values = [
        #"{"Op":0,"Addr":"10.0.0.5:8080","discoveryd":{"schema":1,"service":"web","id":"web-1","#
            + #""owner":"0f1e","weight":100,"zone":"a","tags":["a","b"],"meta":{"k":"v"},"state":"up"}}"#,
        #"{"Op":1,"Addr":"[2001:db8::5]:8080","Metadata":null}"#, "10.0.0.5:8080",
        #"{"Addr":"web.example.org:1","discoveryd":{"weight":0,"state":"draining","tags":[]}}"#,
        #"{"Addr":"10.0.0.5:8080","discoveryd":{"schema":2}}"#, "", "[::1]:1",
    ]
}
