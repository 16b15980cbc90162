import Machines
import TestKit
import Testing
import Texts

@testable import Registry

@Suite struct EndpointTableTests {
    /// Whatever comes and goes, in whatever order: the table is what a sorted dictionary would be, no chunk
    /// is empty or too large, and versions taken in between stay as they were.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func aTableIsWhatASortedDictionaryWouldBe(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var table = EndpointTable()
        var truth: [ServiceKey: Endpoint] = [:]
        var versions: [(EndpointTable, [ServiceKey: Endpoint])] = []
        let (services, instances) = seed % 2 == 0 ? (1, 700) : (15, 40)
        for round in 0..<2000 {
            let key = try Self.key(
                "s\(Int.random(in: 0..<services, using: &random))",
                "i\(Int.random(in: 0..<instances, using: &random))"
            )
            // It grows at first, and shrinks to almost nothing.
            if Int.random(in: 0..<100, using: &random) < (round < 1200 ? 80 : 15) {
                let endpoint = try Self.endpoint(key, revision: Int64(round + 1))
                #expect(table.insert(endpoint) == truth.updateValue(endpoint, forKey: key))
            } else {
                #expect(table.remove(key) == truth.removeValue(forKey: key))
            }
            if round % 250 == 0 { versions.append((table, truth)) }
        }
        for (table, truth) in versions + [(table, truth)] { try expect(table, toBe: truth, seed) }
    }

    @Test func aChangeSharesEachChunkButOneWithTheVersionBefore() throws {
        var table = try Self.table(services: 3, of: 1000)
        let before = table
        let key = try Self.key("s1", "i0500")
        table.insert(try Self.endpoint(key, revision: 9))
        #expect(table.difference(from: before) == [key.service])
        for name in table.names {
            let (new, old) = (table.named(name).chunks, before.named(name).chunks)
            #expect(new.count == old.count)
            let changed = zip(new, old).count { $0 !== $1 }
            #expect(changed == (name == key.service ? 1 : 0))
        }
    }

    @Test func listsThatAreDividedDifferentlyAreEqual() throws {
        let built = try Self.table(services: 1, of: 400)
        var grown = EndpointTable()
        for endpoint in built.endpoints(of: built.names[0]).shuffled() { grown.insert(endpoint) }
        #expect(grown == built && grown.difference(from: built).isEmpty)
        #expect(!grown.services[0].isIdentical(to: built.services[0]))
    }

    @Test func aBuilderTakesWhateverOrderAndMakesFewChunks() throws {
        var builder = EndpointTable.Builder()
        let table = try Self.table(services: 4, of: 300)
        let endpoints = table.names.flatMap { table.endpoints(of: $0) }
        for endpoint in endpoints.reversed() { builder.add(endpoint) }
        #expect(builder.finish() == table)
        var sorted = EndpointTable.Builder()
        for endpoint in endpoints { sorted.add(endpoint) }
        let built = sorted.finish()
        #expect(built == table && built.services.allSatisfy { $0.chunks.count <= 5 })
    }

    @Test func aTableTakesOverTheServiceOfAnother() throws {
        var table = try Self.table(services: 2, of: 10)
        let other = try Self.table(services: 3, of: 4)
        for service in other.services { table.adopt(service) }
        #expect(table == other && table.endpointCount == 12)
    }

    private func expect(
        _ table: EndpointTable,
        toBe truth: [ServiceKey: Endpoint],
        _ seed: UInt64
    ) throws {
        let keys = truth.keys.sorted()
        #expect(table.endpointCount == keys.count, "seed \(seed)")
        #expect(table.names == Array(Set(keys.map(\.service))).sorted(), "seed \(seed)")
        let all = table.services.flatMap(\.endpoints)
        #expect(all.map(\.instance.key) == keys, "seed \(seed)")
        #expect(all.allSatisfy { truth[$0.instance.key] == $0 }, "seed \(seed)")
        #expect(keys.allSatisfy { table[$0] == truth[$0] }, "seed \(seed)")
        for service in table.services {
            #expect(service.count == service.endpoints.count, "seed \(seed)")
            let sizes = 1...ServiceEndpoints.largestChunk
            #expect(service.chunks.allSatisfy { sizes.contains($0.endpoints.count) })
        }
    }

    private static func table(services: Int, of count: Int) throws -> EndpointTable {
        var table = EndpointTable()
        for service in 0..<services {
            for number in 0..<count {
                let digits = String(number)
                let id = "i" + String(repeating: "0", count: 4 - digits.count) + digits
                table.insert(try endpoint(key("s\(service)", id)))
            }
        }
        return table
    }

    private static func key(_ service: String, _ id: String) throws -> ServiceKey {
        try ServiceKey("\(service)/\(id)")
    }

    private static func endpoint(_ key: ServiceKey, revision: Int64 = 1) throws -> Endpoint {
        Endpoint(
            instance: ServiceInstance(
                key: key,
                address: try #require(HostAddress("10.0.0.1")),
                port: 80
            ),
            createRevision: 1,
            modRevision: Revision(rawValue: revision),
            version: 1,
            lease: .none
        )
    }
}
