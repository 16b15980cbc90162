import Registry
import Testing
import Texts

@testable import EndpointFiles

/// Whether an output shows an endpoint: the same as stands in the file.
@Suite struct PlacementTests {
    private let prefix = RegistryPrefix.standard

    @Test func `each reason for not showing an endpoint is named`() throws {
        let host = try Lists.endpoint("web", "host", address: "web.example")
        let far = try Lists.endpoint("web", "far", zone: "b")
        let near = try Lists.endpoint("web", "near", zone: "a")
        let idle = try Lists.endpoint("web", "idle", weight: 0, zone: "a")
        let list = Lists.update([host, far, near, idle])
        let domain = try #require(DomainName(exactly: "x.internal"))

        var hosts = EndpointOutput(path: "/hosts", format: .hosts(domain: domain))
        #expect(hosts.placement(of: near, in: list) == .shown)
        #expect(hosts.placement(of: idle, in: list) == .wantsNoTraffic)
        guard case .leftOut(let fault) = hosts.placement(of: host, in: list) else {
            Issue.record("a host name stands in a hosts file")
            return
        }
        #expect(fault.code == .hostName)
        hosts.zones = ZonePreference(zones: ["a"])
        #expect(hosts.placement(of: near, in: list) == .shown)
        #expect(hosts.placement(of: far, in: list) == .otherZone)
        hosts.zones = ZonePreference(zones: ["nobody"])
        #expect(hosts.placement(of: far, in: list) == .shown)

        var nginx = EndpointOutput(path: "/n", format: .nginx)
        nginx.zones = ZonePreference(zones: ["a"])
        #expect(nginx.placement(of: far, in: list) == .backup)
        nginx.services = [try #require(ServiceName(declared: "db"))]
        #expect(nginx.placement(of: far, in: list) == .otherService)
        let filtered = EndpointOutput(path: "/f", filter: EndpointFilter(zone: "a"))
        #expect(filtered.placement(of: far, in: list) == .filtered)
    }

    /// A name of a format's own: where it is shown, its address stands in the text, and nowhere else.
    @Test(arguments: [ListFormat.json, .prometheus, .haproxy(), .nginx, .env, .lines])
    func `what is shown stands in the file, and what is not does not`(format: ListFormat) throws {
        let endpoints = try (1...8).map { number in
            try Lists.endpoint(
                "web",
                "i\(number)",
                address: number == 5 ? "five.example" : "10.9.8.\(number)",
                weight: number == 2 ? 0 : 100,
                zone: number % 2 == 0 ? "a" : "b",
                state: number == 3 ? .draining : .up
            )
        }
        let list = Lists.update(endpoints)
        for zones in [nil, ZonePreference(zones: ["a"])] {
            var output = EndpointOutput(path: "/x", format: format)
            output.zones = zones
            let rendering = output.renderer(prefix: prefix).render(list)
            let text = String(decoding: rendering.list.bytes, as: UTF8.self)
            for endpoint in endpoints {
                let isThere = text.contains(endpoint.instance.address.text)
                let placement = output.placement(of: endpoint, in: list)
                #expect(
                    placement?.isShown == isThere,
                    "\(endpoint.instance.key): \(String(describing: placement))"
                )
            }
        }
    }
}

extension EndpointOutput {
    fileprivate func placement(of endpoint: Endpoint, in list: TableUpdate) -> Placement? {
        let service = list.table.named(endpoint.instance.key.service)
        return placements(of: [endpoint], in: service, of: list, prefix: .standard).first
    }
}
