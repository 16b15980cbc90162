import Registry
import Testing

@testable import EndpointFiles

@Suite struct RejectionLedgerTests {
    @Test func aRejectionIsSaidOnceForEachCause() throws {
        var ledger = RejectionLedger(path: "/list")
        let one = try rejection("1", .hostName)
        let two = try rejection("2", .hostName)
        #expect(texts(ledger.listRendered(leavingOut: [], at: .zero)) == [])
        #expect(texts(ledger.listRendered(leavingOut: [one], at: .zero)) == ["rejected web/1"])
        #expect(texts(ledger.listRendered(leavingOut: [one], at: .zero)) == [])
        #expect(
            texts(ledger.listRendered(leavingOut: [one, two], at: .zero)) == ["rejected web/2"]
        )
        let other = try rejection("1", .unspecifiedAddress)
        #expect(
            texts(ledger.listRendered(leavingOut: [other, two], at: .zero)) == ["rejected web/1"]
        )
        #expect(texts(ledger.listRendered(leavingOut: [two], at: .zero)) == ["ended web/1"])
        // The same once more within ten minutes: counted.
        #expect(
            texts(ledger.listRendered(leavingOut: [one], at: .zero)) == ["ended web/2", "1 more"]
        )
    }

    @Test func oneThatComesAndGoesWithEachListIsNamedOnceInTenMinutes() throws {
        var ledger = RejectionLedger(path: "/list")
        let one = try rejection("1", .hostName)
        var said: [String] = []
        for second in 0..<600 {
            let left = second.isMultiple(of: 2) ? [one] : []
            said += texts(ledger.listRendered(leavingOut: left, at: .seconds(second)))
        }
        #expect(said.count { $0 == "rejected web/1" } == 1)
        #expect(said.count { $0 == "ended web/1" } == 1)
        // Two a minute: the first at once, the others when it is over.
        #expect(said.count { $0.hasSuffix("more") } <= 20)
    }

    @Test func ofThousandsAFewAreNamedAndTheRestIsCounted() throws {
        var ledger = RejectionLedger(path: "/list")
        let many = try (1...5000).map { try rejection("\($0)", .hostName) }
        let said = texts(ledger.listRendered(leavingOut: many, at: .zero))
        #expect(said.count == 21 && said.last == "4980 more")
        #expect(texts(ledger.listRendered(leavingOut: many, at: .zero)) == [])
        #expect(texts(ledger.listRendered(leavingOut: [], at: .zero)).count == 20)
    }

    private func rejection(_ id: String, _ code: EncodingFault.Code) throws -> Rejection {
        let key = try Lists.endpoint("web", id).instance.key
        return Rejection(
            service: key.service,
            instance: key.instance,
            fault: EncodingFault(code, "does not fit")
        )
    }

    private func texts(_ reports: [PublishReport]) -> [String] {
        reports.map { report in
            switch report {
            case .rejected("/list", let rejection): "rejected \(rejection.subject)"
            case .rejectionEnded("/list", let rejection): "ended \(rejection.subject)"
            case .rejectedMore("/list", let count): "\(count) more"
            default: "\(report)"
            }
        }
    }
}
