import Registry
import TestKit
import Testing
import Texts

@Suite struct SkyDNSRecordTests {
    @Test func anInstanceIsANameWithItsLabelsFromTheRight() throws {
        let instance = try instance("web", "web-1")
        let record = try #require(SkyDNSRecord.record(of: instance, domain: "cluster.local"))
        #expect(record.key == "/skydns/local/cluster/web/web-1")
        #expect(
            record.value.map { String(decoding: $0, as: UTF8.self) }
                == #"{"host":"10.0.0.5","port":8080,"priority":10,"weight":100,"ttl":30}"#
        )
    }

    /// An address cannot say that it wants no new traffic.
    @Test func anInstanceOfWeightZeroHasNone() throws {
        var instance = try instance("web", "web-1")
        instance.weight = 0
        let record = try #require(SkyDNSRecord.record(of: instance, domain: "test"))
        #expect(record.key == "/skydns/test/web/web-1" && record.value == nil)
    }

    /// As many labels as a resolver sees in it, or it would never find them.
    @Test func dotsInAnIdAreDotsOfTheName() throws {
        #expect(
            SkyDNSRecord.key(of: try key("web", "host-a.example.com-80"), domain: "test")
                == "/skydns/test/web/com-80/example/host-a"
        )
    }

    @Test func namesAreInSmallLettersAsResolversAskForThem() throws {
        #expect(
            SkyDNSRecord.key(of: try key("Web", "HOST_1"), domain: "test")
                == "/skydns/test/web/host_1"
        )
    }

    @Test(arguments: [
        ("web", "a..b"), ("web", ".a"), ("web", String(repeating: "a", count: 64)),
        (String(repeating: "a", count: 64), "a"),
        (
            "web",
            Array(repeating: String(repeating: "a", count: 31), count: 4).joined(separator: ".")
        ),
    ])
    func whatIsNoNameHasNoRecord(service: String, id: String) throws {
        let domain = Array(repeating: String(repeating: "d", count: 60), count: 3)
        #expect(
            SkyDNSRecord.key(of: try key(service, id), domain: domain.joined(separator: ".")) == nil
        )
    }

    private func key(_ service: String, _ id: String) throws -> ServiceKey {
        try ServiceKey("\(service)/\(id)")
    }

    private func instance(_ service: String, _ id: String) throws -> ServiceInstance {
        ServiceInstance(
            key: try key(service, id),
            address: try #require(HostAddress("10.0.0.5")),
            port: 8080
        )
    }
}
