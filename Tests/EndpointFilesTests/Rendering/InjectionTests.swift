import EndpointFiles
import Foundation
import Registry
import TestKit
import Testing
import Texts

/// What hostile records become in each format, byte for byte: see the files in `Golden`. That the
/// readers of each format agree is shown in `Consumers`.
@Suite struct InjectionTests {
    @Test(arguments: [
        ("haproxy.cfg", ListFormat.haproxy()), ("nginx.conf", .nginx), ("lines", .lines),
        ("list.env", .env), ("hosts", .hosts(domain: .standard)),
    ])
    func hostileNamesStayNames(_ golden: String, _ format: ListFormat) throws {
        #expect(Lists.text(format, try HostileEndpoints.all()).text == (try read(golden)))
    }

    @Test(arguments: [
        ("list.json", ListFormat.json), ("prometheus.json", .prometheus), ("envoy.json", .envoy),
    ])
    func hostileTextsStayStrings(_ golden: String, _ format: ListFormat) throws {
        #expect(Lists.text(format, [try HostileEndpoints.talkative()]).text == (try read(golden)))
    }

    @Test(arguments: ListFormat.samples.filter { ![.json, .prometheus, .envoy].contains($0) })
    func whatAFormatHasNoPlaceForIsNotInIt(_ format: ListFormat) throws {
        let plain = try Lists.endpoint("web", "1")
        var loud = plain
        loud.instance = try HostileEndpoints.talkative().instance
        loud.instance.key = plain.instance.key
        loud.instance.address = plain.instance.address
        #expect(Lists.text(format, [loud]).text == Lists.text(format, [plain]).text)
    }

    @Test(arguments: ListFormat.samples)
    func aMegabyteSpoilsNothing(_ format: ListFormat) throws {
        let big = HostileEndpoints.megabyte
        let endpoint = try Lists.endpoint("web", "1", zone: big, tags: [big], meta: [big: big])
        let other = try Lists.endpoint("web", "2", address: "10.0.0.6")
        let list = Lists.text(format, [endpoint, other])
        #expect(list.rejections == [] && list.text.contains("10.0.0.6"))
    }

    @Test(arguments: ListFormat.samples)
    func noTwoServicesComeOutTheSame(_ format: ListFormat) throws {
        let lists = try HostileEndpoints.names.map { name in
            Lists.text(format, [try Lists.endpoint(name, "i")])
        }
        let carried = lists.filter { $0.rejections.isEmpty }.map(\.text)
        #expect(Set(carried).count == carried.count && carried.count > 5)
    }

    @Test(arguments: [ListFormat.json, .haproxy()])
    func noTwoInstancesComeOutTheSame(_ format: ListFormat) throws {
        let lists = try HostileEndpoints.names.map { id in
            Lists.text(format, [try Lists.endpoint("web", id)]).text
        }
        #expect(Set(lists).count == lists.count)
    }

    @Test func noKeyHoldsWhatAKeyMayNotHold() {
        for text in HostileEndpoints.texts where !HostileEndpoints.printable.contains(text) {
            #expect(ServiceName(read: "web" + text) == nil)
            #expect(InstanceID(read: "web" + text) == nil)
        }
        #expect(ServiceName(read: HostileEndpoints.megabyte) == nil)
    }

    @Test func noAddressHoldsAZoneOrSyntax() {
        for text in HostileEndpoints.texts + ["fe80::1%eth0", "10.0.0.5;", "10.0.0.5 backup"] {
            #expect(HostAddress(text) == nil)
            #expect(HostAddress("10.0.0.5" + text) == nil)
        }
    }

    private func read(_ golden: String) throws -> String {
        let url = Repository.root.appending(path: "Tests/EndpointFilesTests/Golden/\(golden)")
        return String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}

extension ListFormat {
    /// Each format once.
    static let samples: [ListFormat] = [
        .json, .prometheus, .haproxy(), .nginx, .envoy, .hosts(domain: .standard), .env, .lines,
    ]
}
