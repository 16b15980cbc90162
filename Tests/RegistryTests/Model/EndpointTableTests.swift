import Registry
import TestKit
import Testing

@Suite struct EndpointTableTests {
    /// The names are kept in order as services come and go: whatever the order, they are what a sort of
    /// all would be.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func theNamesAreThoseOfTheServicesInByteOrder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var table = EndpointTable()
        var there: [String: Set<String>] = [:]
        for _ in 0..<300 {
            let service = "s\(Int.random(in: 0..<15, using: &random))"
            let id = "i\(Int.random(in: 0..<3, using: &random))"
            let key = ServiceKey(
                service: try #require(ServiceName(declared: service)),
                instance: try #require(InstanceID(declared: id))
            )
            if Bool.random(using: &random) {
                table.insert(try endpoint(key))
                there[service, default: []].insert(id)
            } else {
                #expect((table.remove(key) != nil) == (there[service]?.remove(id) != nil))
            }
            there = there.filter { !$0.value.isEmpty }
            #expect(table.names.map(\.text) == there.keys.sorted(), "seed \(seed)")
            #expect(table.serviceCount == there.count)
        }
    }

    private func endpoint(_ key: ServiceKey) throws -> Endpoint {
        Endpoint(
            instance: ServiceInstance(
                key: key,
                address: try #require(HostAddress("10.0.0.1")),
                port: 80
            ),
            state: .up,
            owner: nil,
            createRevision: 1,
            modRevision: 1,
            version: 1,
            lease: .none
        )
    }
}
