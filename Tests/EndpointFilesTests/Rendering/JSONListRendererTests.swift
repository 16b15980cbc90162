import Foundation
import Registry
import Testing

@testable import EndpointFiles

@Suite struct JSONListRendererTests {
    @Test func theListIsExactlyAsPromised() throws {
        let plain = try Lists.endpoint("web", "web-1")
        let endpoint = Endpoint(
            instance: ServiceInstance(
                key: plain.instance.key,
                address: plain.instance.address,
                port: 8080,
                zone: "a",
                tags: ["blue"],
                meta: ["version": "1.2"]
            ),
            createRevision: 40,
            modRevision: 42,
            version: 1,
            lease: plain.lease
        )
        var renderer = JSONListRenderer(prefix: .standard, services: try Lists.names("web", "db"))
        let expected = #"""
            {"schema":1,"cluster_id":"cdf818194e3a8c32","prefix":"services/","revision":42,"services":{
            "db":[],
            "web":[
            {"id":"web-1","addr":"10.0.0.5:8080","address":"10.0.0.5","port":8080,"weight":100,"zone":"a","tags":["blue"],"meta":{"version":"1.2"},"state":"up","create_revision":40,"mod_revision":42,"version":1,"lease":"694d7a3c1f0b2e05"}
            ]}}

            """#
        let list = renderer.render(Lists.update([endpoint]))
        #expect(String(decoding: list.bytes, as: UTF8.self) == expected)
    }

    @Test func withoutNamedServicesAnEmptyOneIsAbsent() throws {
        var renderer = JSONListRenderer(prefix: .standard, services: nil)
        #expect(try parsed(renderer.render(Lists.update([]))).isEmpty)
        let one = Lists.update([try Lists.endpoint("web", "1"), try Lists.endpoint("db", "2")])
        #expect(try parsed(renderer.render(one)).mapValues { $0.count } == ["web": 1, "db": 1])
        let gone = Lists.update([try Lists.endpoint("db", "2")])
        #expect(try parsed(renderer.render(gone)).mapValues { $0.count } == ["db": 1])
    }

    @Test func hostileNamesStayWithinTheirStrings() throws {
        let endpoint = try Lists.endpoint("a\";{}#$`\\", "<script>&'")
        var renderer = JSONListRenderer(prefix: .standard, services: nil)
        let services = try parsed(renderer.render(Lists.update([endpoint])))
        #expect(services.keys.sorted() == ["a\";{}#$`\\"])
        #expect(services.values.first?.first?["id"] as? String == "<script>&'")
    }

    @Test func theRevisionAloneIsNoDifference() throws {
        var renderer = JSONListRenderer(prefix: .standard, services: nil)
        let endpoint = try Lists.endpoint("web", "1")
        let list = renderer.render(Lists.update([endpoint], revision: 42))
        let later = renderer.render(Lists.update([endpoint], revision: 1042))
        #expect(list != later && list.isSameList(as: later) && list.isSameList(as: later.bytes))
        let other = renderer.render(Lists.update([], revision: 42))
        #expect(!list.isSameList(as: other.bytes) && !list.isSameList(as: other))
        #expect(!list.isSameList(as: []) && !list.isSameList(as: Array(later.bytes.dropLast())))
    }

    private func parsed(_ list: RenderedList) throws -> [String: [[String: Any]]] {
        let object = try JSONSerialization.jsonObject(with: Data(list.bytes)) as? [String: Any]
        return try #require(object?["services"] as? [String: [[String: Any]]])
    }
}
