import Etcd
import Metrics
import Registry
import Testing

@testable import discoveryd

@Suite struct ReadinessPageTests {
    @Test func aStartThatIsOverAndAListThatIsCurrentAreReady() throws {
        let page = ReadinessPage(isStarted: true, facts: try facts())
        #expect(page.answer.status == .ok)
        #expect(page.answer.body == "ready\n")
    }

    @Test func beforeTheStartIsOverItSaysSo() throws {
        let page = ReadinessPage(isStarted: false, facts: try facts())
        #expect(page.answer.status == .unavailable)
        #expect(
            page.answer.body
                == "start: some services are not registered or files not written yet\n"
        )
    }

    @Test func withoutEtcdItSaysWhatIsOldAndWhy() throws {
        var facts = try facts()
        facts.isCurrent = false
        facts.etcd = nil
        facts.etcdTrouble = "10.0.0.1 refused"
        let page = ReadinessPage(isStarted: true, facts: facts)
        #expect(page.answer.status == .unavailable)
        #expect(page.troubles.count == 2)
        #expect(page.troubles[0].hasPrefix("list: not read yet"))
        #expect(page.troubles[1] == "etcd: 10.0.0.1 refused")
    }

    @Test func aStopUnderWayIsNotReady() throws {
        var facts = try facts()
        facts.isStopping = true
        let page = ReadinessPage(isStarted: true, facts: facts)
        #expect(page.answer.body.hasPrefix("stopping since "))
    }

    private func facts() throws -> StatusBoard.Facts {
        var facts = StatusBoard.Facts()
        facts.isCurrent = true
        facts.etcd = try EtcdEndpoint("10.0.0.1:2379")
        return facts
    }
}
