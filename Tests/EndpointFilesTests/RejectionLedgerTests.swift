import Registry
import Testing

@testable import EndpointFiles

@Suite struct RejectionLedgerTests {
    @Test func aRejectionIsSaidOnceForEachCause() throws {
        var ledger = RejectionLedger(path: "/list")
        let one = try rejection("1", .hostName)
        let two = try rejection("2", .hostName)
        #expect(texts(ledger.listRendered(leavingOut: [])) == [])
        #expect(texts(ledger.listRendered(leavingOut: [one])) == ["rejected web/1"])
        #expect(texts(ledger.listRendered(leavingOut: [one])) == [])
        #expect(texts(ledger.listRendered(leavingOut: [one, two])) == ["rejected web/2"])
        let other = try rejection("1", .unspecifiedAddress)
        #expect(texts(ledger.listRendered(leavingOut: [other, two])) == ["rejected web/1"])
        #expect(texts(ledger.listRendered(leavingOut: [two])) == ["ended web/1"])
        #expect(
            texts(ledger.listRendered(leavingOut: [one])) == ["ended web/2", "rejected web/1"]
        )
    }

    @Test func ofThousandsAFewAreNamedAndTheRestIsCounted() throws {
        var ledger = RejectionLedger(path: "/list")
        let many = try (1...5000).map { try rejection("\($0)", .hostName) }
        let said = texts(ledger.listRendered(leavingOut: many))
        #expect(said.count == 21 && said.last == "4980 more")
        #expect(texts(ledger.listRendered(leavingOut: many)) == [])
        #expect(texts(ledger.listRendered(leavingOut: [])).count == 20)
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
