import EndpointFiles
import Foundation
import Mustache
import Registry
import TestKit
import Testing

/// What a preference for zones makes of each format, byte for byte: see the files in `Golden/zones`. That the readers
/// of each format agree is shown in `Consumers`.
@Suite struct ZonedFormatsTests {
    private static let formats: [(String, ListFormat)] = [
        ("haproxy.cfg", .haproxy()), ("nginx.conf", .nginx), ("lines", .lines), ("list.env", .env),
        ("hosts", .hosts(domain: .standard)), ("list.json", .json),
        ("prometheus.json", .prometheus), ("envoy.json", .envoy),
    ]

    @Test(arguments: formats)
    func `the preferred come first, and the others after`(golden: String, format: ListFormat) throws
    {
        let text = Lists.text(
            format,
            try endpoints(in: ["a", "b", "c", nil]),
            services: try Lists.names("web"),
            zones: ZonePreference(zones: ["a", "b"])
        ).text
        let url = Repository.root.appending(path: "Tests/EndpointFilesTests/Golden/zones/\(golden)")
        #expect(text == String(decoding: try Data(contentsOf: url), as: UTF8.self))
    }

    @Test(arguments: formats)
    func `without anybody in the preferred zone all are alike`(
        golden: String,
        format: ListFormat
    ) throws {
        for others in [["c", nil], ["c"], []] as [[String?]] {
            let endpoints = try endpoints(in: others)
            let names = try Lists.names("web")
            let plain = Lists.text(format, endpoints, services: names).text
            let zoned = Lists.text(
                format,
                endpoints,
                services: names,
                zones: ZonePreference(zones: ["a"])
            ).text
            switch format {
            case .json: #expect(zoned.replacing(#""preferred":true,"#, with: "") == plain)
            case .prometheus:
                #expect(
                    zoned.replacing(#","__meta_discoveryd_preferred":"true""#, with: "") == plain
                )
            case .envoy: #expect(zoned.replacing(#""priority":0,"#, with: "") == plain)
            case .haproxy: #expect(zoned.replacing("    option allbackups\n", with: "") == plain)
            case .nginx, .hosts, .env, .lines, .template: #expect(zoned == plain)
            }
        }
    }

    /// They count, and so nothing spills; but nginx would not start with backups alone, and a name would be gone.
    @Test(arguments: [ListFormat.nginx, .hosts(domain: .standard), .haproxy()])
    func `where none of the preferred can be written, all the others are written plain`(
        format: ListFormat
    ) throws {
        let named = try Lists.endpoint("web", "1", address: "host.example", zone: "a")
        let other = try Lists.endpoint("web", "2", address: "10.0.0.6", zone: "b")
        let list = Lists.text(format, [named, other], zones: ZonePreference(zones: ["a"]))
        #expect(list.text.contains("10.0.0.6") && !list.text.contains(" backup"))
        #expect(list.rejections.map(\.subject) == ["web/1"])
        let address = try Lists.endpoint("web", "3", address: "10.0.0.7", zone: "a")
        let well = Lists.text(format, [named, other, address], zones: ZonePreference(zones: ["a"]))
        #expect(well.text.contains("10.0.0.7"))
        let says = format != .hosts(domain: .standard)
        #expect(well.text.contains("10.0.0.6") == says && well.text.contains(" backup") == says)
    }

    /// The usable one of the zone has a host name, which neither format can write; who is left there drains.
    @Test func `one that drains is nobody to prefer`() throws {
        let endpoints = [
            try Lists.endpoint("web", "a-1", address: "web.example.org", zone: "a"),
            try Lists.endpoint("web", "a-2", address: "10.0.0.2", zone: "a", state: .draining),
            try Lists.endpoint("web", "b-1", address: "10.0.1.1", zone: "b"),
        ]
        let template = "{{#services}}{{#endpoints}}\n{{addr}}\n{{/endpoints}}{{/services}}"
        for format in [.hosts(domain: .standard), try Templates.format(template, .nginx)] {
            let text = Lists.text(
                format,
                endpoints,
                services: try Lists.names("web"),
                includeDraining: true,
                zones: ZonePreference(zones: ["a"])
            ).text
            #expect(text.contains("10.0.1.1"), "\(text)")
        }
    }

    @Test func `Envoy's priorities have no hole, whoever is missing`() throws {
        let zones = ZonePreference(zones: ["a", "b", "d"])
        for (there, priorities) in [
            (["a", "b", "c", "d"], [0, 1, 3, 2]), (["a", "c"], [0, 1]), (["a", "d"], [0, 1]),
            (["b", "c"], [0, 1]), (["c", nil], [0, 0]), (["d", nil], [1, 0]),
        ] as [([String?], [Int])] {
            let text = Lists.text(.envoy, try endpoints(in: there), zones: zones).text
            let found = text.matches(of: /"priority":(\d+)/).compactMap { Int($0.1) }
            #expect(found == priorities, "\(there)")
        }
    }

    @Test func `the list with the member is read as one without it`() throws {
        let endpoints = try endpoints(in: ["a", "b", nil])
        let text = Lists.text(.json, endpoints, zones: ZonePreference(zones: ["a"])).text
        #expect(text.contains(#""preferred":true"#) && text.contains(#""preferred":false"#))
        let read = try #require(JSONListReader.read(Array(text.utf8), prefix: .standard))
        #expect(read.table == Lists.update(endpoints).table)
    }

    /// Two of each zone, one of which drains.
    private func endpoints(in zones: [String?]) throws -> [Endpoint] {
        try zones.enumerated().flatMap { number, zone in
            [
                try Lists.endpoint(
                    "web",
                    "\(zone ?? "none")-1",
                    address: "10.0.\(number).1",
                    weight: 200,
                    zone: zone
                ),
                try Lists.endpoint(
                    "web",
                    "\(zone ?? "none")-2",
                    address: "10.0.\(number).2",
                    zone: zone,
                    state: .draining
                ),
            ]
        }
    }
}
