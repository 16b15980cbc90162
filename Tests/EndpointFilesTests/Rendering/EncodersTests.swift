import EndpointFiles
import Registry
import Testing

@Suite struct EncodersTests {
    @Test func haproxyHasABackendAService() throws {
        let resolvers = try #require(HAProxySectionName("dns"))
        let list = Lists.text(.haproxy(resolvers: resolvers), try endpoints())
        #expect(
            list.text == """
                backend db
                    server db-1 [2001:db8::5]:5432 weight 100
                backend web
                    server web-1 10.0.0.5:8080 weight 200
                    server web-2 10.0.0.6:8080 weight 0
                    server web-3 host.example:8080 weight 100 resolvers dns init-addr last,none

                """
        )
        #expect(list.rejections == [])
    }

    /// HAProxy would look them up at its start, and freeze every service of the file while no DNS answers.
    @Test func haproxyGetsNoHostNameWithoutResolvers() throws {
        let list = Lists.text(.haproxy(), try endpoints())
        #expect(list.rejections.map(\.subject) == ["web/web-3"])
        #expect(list.rejections.map(\.fault.code) == [.hostName])
        #expect(!list.text.contains("host.example"))
    }

    /// Envoy refuses an assignment whose weights add up to more than 32 bits.
    @Test func envoysWeightsAreHalvedUntilTheirSumFits() throws {
        let endpoints = try (0..<65_600).map {
            try Lists.endpoint("web", "web-\($0)", weight: $0 == 0 ? 2 : 65_535)
        }
        let list = Lists.text(.envoy, endpoints, services: try Lists.names("web"))
        let weights = list.text.matches(of: /"load_balancing_weight":(\d+)/).compactMap {
            Int($0.1)
        }
        // The first is that of the locality.
        #expect(weights.dropFirst().count == endpoints.count)
        #expect(weights.dropFirst().reduce(0, +) == weights.first)
        #expect(weights.allSatisfy { $0 >= 1 && $0 <= Int(UInt32.max) })
        #expect(Set(weights.dropFirst()) == [1, 32_767])
    }

    @Test func nginxHasAnUpstreamAService() throws {
        let list = Lists.text(.nginx, try endpoints())
        #expect(
            list.text == """
                upstream db {
                    server [2001:db8::5]:5432;
                }
                upstream web {
                    server 10.0.0.5:8080 weight=2;
                    server 10.0.0.6:8080 down;
                }

                """
        )
        #expect(list.rejections.map(\.subject) == ["web/web-3"])
        #expect(
            list.rejections.first?.fault.description
                == "has the host name host.example as its address, and this format takes IP "
                + "addresses only; register an IP address"
        )
    }

    @Test func prometheusHasAGroupForEachSetOfLabels() throws {
        let list = Lists.text(.prometheus, try endpoints())
        #expect(
            list.text == #"""
                [
                {"labels":{"__meta_discoveryd_service":"db","__meta_discoveryd_state":"up"},"targets":[
                "[2001:db8::5]:5432"
                ]},
                {"labels":{"__meta_discoveryd_service":"web","__meta_discoveryd_state":"draining"},"targets":[
                "10.0.0.6:8080"
                ]},
                {"labels":{"__meta_discoveryd_service":"web","__meta_discoveryd_zone":"a","__meta_discoveryd_tags":",blue,","__meta_discoveryd_state":"up","__meta_discoveryd_meta_version":"2"},"targets":[
                "10.0.0.5:8080",
                "host.example:8080"
                ]}
                ]

                """#
        )
    }

    @Test func envoyHasALocalityAZone() throws {
        let list = Lists.text(.envoy, try endpoints(), services: try Lists.names("web"))
        #expect(
            list.text == #"""
                {"version_info":"42","resources":[
                {"@type":"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment","cluster_name":"web","endpoints":[
                {"locality":{},"load_balancing_weight":1,"lb_endpoints":[
                {"endpoint":{"address":{"socket_address":{"address":"10.0.0.6","port_value":8080}}},"health_status":"DRAINING","load_balancing_weight":100}
                ]},
                {"locality":{"zone":"a"},"load_balancing_weight":200,"lb_endpoints":[
                {"endpoint":{"address":{"socket_address":{"address":"10.0.0.5","port_value":8080}}},"health_status":"HEALTHY","load_balancing_weight":200,"metadata":{"filter_metadata":{"envoy.lb":{"version":"2"}}}}
                ]}
                ]}
                ]}

                """#
        )
        #expect(list.rejections.map(\.subject) == ["web/web-3"])
    }

    @Test func hostsHasTheNamesOfTheInstanceAndOfTheService() throws {
        let domain = try #require(DomainName("example.internal"))
        let list = Lists.text(.hosts(domain: domain), try endpoints())
        #expect(
            list.text == """
                2001:db8::5 db-1.db.example.internal db.example.internal
                10.0.0.5 web-1.web.example.internal web.example.internal

                """
        )
        #expect(list.rejections.map(\.fault.code) == [.hostName])
    }

    @Test func aServiceThatIsNoLabelIsRejectedOnceForAllItsEndpoints() throws {
        let list = Lists.text(
            .hosts(domain: .standard),
            [
                try Lists.endpoint("user_api", "1"), try Lists.endpoint("user_api", "2"),
                try Lists.endpoint("web", "1"),
            ]
        )
        #expect(list.text == "10.0.0.5 1.web.discoveryd.internal web.discoveryd.internal\n")
        #expect(list.rejections.map(\.subject) == ["user_api"])
    }

    @Test func envHasAVariableAService() throws {
        #expect(
            Lists.text(.env, try endpoints()).text == """
                DB_ADDRS="[2001:db8::5]:5432"
                WEB_ADDRS="10.0.0.5:8080 host.example:8080"

                """
        )
    }

    @Test func aVariableThatTheKernelDoesNotTakeIsRejected() throws {
        let many = try (0..<9000).map { try Lists.endpoint("web", "\($0)", address: "10.10.10.10") }
        let list = Lists.text(.env, many + [try Lists.endpoint("db", "1")])
        #expect(list.text == "DB_ADDRS=\"10.0.0.5:8080\"\n")
        #expect(list.rejections.map(\.fault.code) == [.tooLong])
    }

    @Test func linesHasALineAnEndpoint() throws {
        #expect(
            Lists.text(.lines, try endpoints()).text == """
                db [2001:db8::5]:5432
                web 10.0.0.5:8080
                web host.example:8080

                """
        )
    }

    @Test(arguments: [ListFormat.haproxy(), .nginx, .envoy, .hosts(domain: .standard)])
    func anAddressThatIsNobodysIsRejected(_ format: ListFormat) throws {
        for address in ["0.0.0.0", "::", "::ffff:0.0.0.0"] {
            let list = Lists.text(format, [try Lists.endpoint("web", "1", address: address)])
            #expect(list.rejections.map(\.fault.code) == [.unspecifiedAddress])
        }
    }

    @Test func aTagWithACommaCannotBeToldFromTwo() throws {
        let list = Lists.text(.prometheus, [try Lists.endpoint("web", "1", tags: ["a,b"])])
        #expect(list.rejections.map(\.fault.code) == [.tag] && !list.text.contains("10.0.0.5"))
    }

    private func endpoints() throws -> [Endpoint] {
        let meta = ["version": "2"]
        return [
            try Lists.endpoint(
                "web",
                "web-1",
                weight: 200,
                zone: "a",
                tags: ["blue"],
                meta: meta
            ),
            try Lists.endpoint("web", "web-2", address: "10.0.0.6", state: .draining),
            try Lists.endpoint(
                "web",
                "web-3",
                address: "host.example",
                zone: "a",
                tags: ["blue"],
                meta: meta
            ),
            try Lists.endpoint("db", "db-1", address: "2001:db8::5", port: 5432),
        ]
    }
}
