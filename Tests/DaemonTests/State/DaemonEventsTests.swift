import FoundationEssentials
import Registry
import TestKit
import Testing

@testable import Daemon

@Suite struct DaemonEventsTests {
    @Test func `observers are told in order, with one time, before it returns`() {
        let told = Recorder<(String, Date)>()
        let events = DaemonEvents([
            { _, time in told.record(("first", time)) },
            { _, time in told.record(("second", time)) },
        ])
        events.happened(.lifeCycle(.ready))
        #expect(told.all.map(\.0) == ["first", "second"])
        #expect(Set(told.all.map(\.1)).count == 1)
    }

    @Test func `whoever reads the state has the newest readings and all events`() throws {
        let state = CurrentState(DaemonState(at: Date()))
        let lease = LeaseID(rawValue: 7)
        let reader = StateReader(state) { DaemonReadings(lease: lease) }
        let events = DaemonEvents([state.apply])
        #expect(!reader.now.isReady)
        events.happened(.lifeCycle(.ready))
        #expect(reader.now.isReady && reader.now.lease == lease)
    }
}
