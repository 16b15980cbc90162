import Etcd
import FoundationEssentials
import LocalServer
import Registry
import Testing

@testable import Daemon

@Suite struct ReadyzPageTests {
    @Test func aStartThatIsOverAndAListThatIsCurrentAreReady() throws {
        let page = ReadyzPage(state: try state())
        #expect(page.response.status == .ok)
        #expect(page.response.body == "ready\n")
    }

    @Test func beforeTheStartIsOverItSaysSo() throws {
        var state = try state()
        state.isReady = false
        let page = ReadyzPage(state: state)
        #expect(page.response.status == .serviceUnavailable)
        #expect(
            page.response.body
                == "start: some services are not registered or files not written yet\n"
        )
    }

    @Test func withoutEtcdItSaysWhatIsOldAndWhy() throws {
        var state = try state()
        state.isCurrent = false
        state.etcd = nil
        state.etcdError = "10.0.0.1 refused"
        let page = ReadyzPage(state: state)
        #expect(page.response.status == .serviceUnavailable)
        #expect(page.troubles.count == 2)
        #expect(page.troubles[0].hasPrefix("list: not read yet"))
        #expect(page.troubles[1] == "etcd: 10.0.0.1 refused")
    }

    @Test func aStopUnderWayIsNotReady() throws {
        var state = try state()
        state.isStopping = true
        let page = ReadyzPage(state: state)
        #expect(page.response.body.hasPrefix("stopping since "))
    }

    private func state() throws -> DaemonState {
        var state = DaemonState(at: Date())
        state.isReady = true
        state.isCurrent = true
        state.etcd = try EtcdEndpoint("10.0.0.1:2379")
        return state
    }
}
