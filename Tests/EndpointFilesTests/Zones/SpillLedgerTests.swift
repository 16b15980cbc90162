import Registry
import Testing

@testable import EndpointFiles

@Suite struct SpillLedgerTests {
    @Test func `the beginning and the end of a spill are said once`() throws {
        var ledger = SpillLedger(path: "/list")
        let (db, web) = (try Lists.names("db"), try Lists.names("web"))
        #expect(texts(ledger.listRendered(spilling: [], at: .zero)) == [])
        #expect(texts(ledger.listRendered(spilling: web, at: .zero)) == ["began web"])
        #expect(texts(ledger.listRendered(spilling: web, at: .zero)) == [])
        #expect(texts(ledger.listRendered(spilling: db + web, at: .zero)) == ["began db"])
        #expect(texts(ledger.listRendered(spilling: db, at: .zero)) == ["ended web"])
        // The same once more within ten minutes: counted.
        #expect(texts(ledger.listRendered(spilling: web, at: .zero)) == ["ended db", "1 more"])
    }

    @Test func `of thousands that spill a few are named and the rest is counted`() throws {
        var ledger = SpillLedger(path: "/list")
        let many = try (1...5000).map {
            try #require(ServiceName(read: "s\(String($0 + 100_000))"))
        }
        let said = texts(ledger.listRendered(spilling: many, at: .zero))
        #expect(said.count == 21 && said.last == "4980 more")
        #expect(texts(ledger.listRendered(spilling: [], at: .zero)).count == 20)
    }

    private func texts(_ reports: [PublishReport]) -> [String] {
        reports.map { report in
            switch report {
            case .spillBegan("/list", let service): "began \(service)"
            case .spillEnded("/list", let service): "ended \(service)"
            case .spillsMore("/list", let count): "\(count) more"
            default: "\(report)"
            }
        }
    }
}
