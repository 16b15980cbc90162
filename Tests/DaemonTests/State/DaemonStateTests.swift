import Configuration
import Etcd
import Files
import FoundationEssentials
import Registry
import TestKit
import Testing

@testable import Daemon
@testable import EndpointFiles

@Suite struct DaemonStateTests {
    private let start = Date(timeIntervalSince1970: 1_000_000)
    private let lease = LeaseID(rawValue: 7)
    private let web: ServiceKey

    init() throws {
        web = try ServiceKey("web/web-1")
    }

    // MARK: the connection

    @Test func `a lost connection names its reason until the next one`() throws {
        var state = DaemonState(at: start)
        let endpoint = try EtcdEndpoint("10.0.0.1:2379")
        state.apply(.connection(.connected(endpoint, serverVersion: "3.4.23")), at: start)
        #expect(state.etcd == endpoint && state.etcdError == nil)
        state.apply(.connection(.lost(endpoint, reason: "closed")), at: start)
        #expect(state.etcd == nil && state.etcdError == "closed")
        state.apply(.connection(.allFailed(retryIn: .seconds(1))), at: start)
        #expect(state.etcdError == "closed")
        state.apply(.connection(.connected(endpoint, serverVersion: "3.4.23")), at: start)
        #expect(state.etcd == endpoint && state.etcdError == nil)
    }

    // MARK: the list

    @Test func `the list is syncing, current, stale and current again, each since its time`() {
        var state = DaemonState(at: start)
        #expect(state.listState == .syncing && state.since == start)
        state.apply(.lifeCycle(.listReceived), at: start + 1)
        state.apply(synced, at: start + 2)
        #expect(state.listState == .current && state.since == start + 2)
        #expect(state.lastSync == start + 2)
        // Read anew without having been lost.
        state.apply(synced, at: start + 3)
        #expect(state.since == start + 2 && state.lastSync == start + 3)
        state.apply(.watch(.outOfSync(reason: "x")), at: start + 4)
        #expect(state.listState == .stale && state.since == start + 4)
        state.apply(synced, at: start + 5)
        #expect(state.listState == .current && state.since == start + 5)
    }

    @Test func `why the list cannot be read is known until it is read`() {
        var state = DaemonState(at: start)
        let error = StoreError(.refused, "permission denied")
        state.apply(.watch(.snapshotFailed(error, retryIn: .seconds(1))), at: start)
        #expect(state.listError == "permission denied")
        state.apply(synced, at: start)
        #expect(state.listError == nil)
    }

    @Test func `a list of an earlier run is shown until there is one of this run`() throws {
        var state = DaemonState(at: start)
        let earlier = try TableUpdate.of(revision: 5)
        state.apply(.lifeCycle(.earlierListFound(earlier, since: start - 100)), at: start)
        #expect(state.list?.revision == 5 && state.lastSync == start - 100)
        #expect(state.listState == .syncing)
        state.apply(.lifeCycle(.readyDegraded(filesExist: true)), at: start + 30)
        #expect(state.listState == .degraded && state.isReady && !state.lacksFiles)
        // Nobody has told of a list of this run yet, so this one does not count.
        state.update(with: DaemonReadings(list: try .of(revision: 9)), at: start + 31)
        #expect(state.list?.revision == 5)
        state.apply(.lifeCycle(.listReceived), at: start + 32)
        state.update(with: DaemonReadings(list: try .of(revision: 9)), at: start + 32)
        #expect(state.list?.revision == 9 && !state.isListOfEarlierRun)
        state.apply(.lifeCycle(.earlierListFound(earlier, since: start - 100)), at: start + 33)
        #expect(state.list?.revision == 9 && !state.isListOfEarlierRun)
    }

    @Test func `a start that is over without etcd is degraded until the list is read`() {
        var state = DaemonState(at: start)
        state.apply(.lifeCycle(.readyDegraded(filesExist: false)), at: start)
        #expect(state.listState == .degraded && state.isReady && state.lacksFiles)
        state.apply(synced, at: start)
        #expect(state.listState == .current)
        state.apply(.watch(.outOfSync(reason: "x")), at: start)
        #expect(state.listState != .degraded)
    }

    @Test
    func
        `a list of this run that etcd left alone before the start was over is stale and not degraded`()
    {
        var state = DaemonState(at: start)
        state.apply(.lifeCycle(.listReceived), at: start)
        #expect(state.listState == .syncing, "stale only after it was current")
        state.apply(synced, at: start)
        state.apply(.watch(.outOfSync(reason: "etcd is away")), at: start)
        state.apply(.lifeCycle(.readyDegraded(filesExist: true)), at: start)
        #expect(state.listState == .stale)
    }

    @Test func `a daemon that stops has stopped whatever its list is like`() {
        var state = DaemonState(at: start)
        state.apply(synced, at: start)
        state.apply(.lifeCycle(.stopping), at: start + 1)
        #expect(state.listState == .stopped && state.since == start + 1)
    }

    // MARK: services

    @Test func `a registration stands since it has the status that it has`() {
        var state = DaemonState(at: start)
        func read(_ status: RegistrationStatus, at time: Date) -> Date? {
            state.update(with: DaemonReadings(registrations: [web: status]), at: time)
            return state.registrations[web]?.since
        }
        #expect(read(.pending(nil), at: start + 1) == start + 1)
        #expect(read(.pending("no lease"), at: start + 2) == start + 1)
        #expect(read(.registered(lease: lease, at: 5), at: start + 3) == start + 3)
        #expect(read(.registered(lease: lease, at: 9), at: start + 4) == start + 3)
        state.update(with: DaemonReadings(), at: start + 5)
        #expect(state.registrations.isEmpty)
        #expect(read(.registered(lease: lease, at: 9), at: start + 6) == start + 6)
    }

    @Test func `health stands since the verdict, whatever the reason`() {
        var state = DaemonState(at: start)
        func apply(_ trouble: String?, at time: Date) -> DaemonState.Health? {
            let verdict = trouble.map(RegistrarMachine.Verdict.down) ?? .up
            state.apply(.services(.init(health: [web: verdict])), at: time)
            return state.health[web]
        }
        #expect(apply(nil, at: start + 1) == .init(trouble: nil, since: start + 1))
        #expect(apply(nil, at: start + 2) == .init(trouble: nil, since: start + 1))
        #expect(apply("refused", at: start + 3) == .init(trouble: "refused", since: start + 3))
        #expect(apply("timed out", at: start + 4) == .init(trouble: "timed out", since: start + 3))
        #expect(state.unhealthy == [web: "timed out"])
        state.apply(.services(.init()), at: start + 5)
        #expect(state.health.isEmpty)
    }

    // MARK: the configuration

    @Test func `a refused configuration is counted until one is applied`() {
        var state = DaemonState(at: start)
        state.apply(.configuration(.refused(["a", "b", "c"])), at: start + 1)
        #expect(state.configurationErrors == 3 && state.lastReload == start)
        #expect(state.configuration.outputs.count == 1)
        var new = Configuration()
        new.outputs = []
        state.apply(.configuration(.applied(new)), at: start + 2)
        #expect(state.configurationErrors == 0 && state.lastReload == start + 2)
        #expect(state.configuration.outputs.isEmpty)
    }

    // MARK: waiting

    @Test func `too few endpoints, or a list that is not current, are said to be lacking`() throws {
        var state = DaemonState(at: start)
        #expect(
            state.supply(of: nil, atLeast: 0) == .lacking("the list is not current: syncing")
        )
        state.apply(.lifeCycle(.listReceived), at: start)
        state.apply(synced, at: start)
        state.update(with: DaemonReadings(list: try .of(web, revision: 9)), at: start)
        #expect(state.supply(of: web.service, atLeast: 1) == .enough(at: 9))
        #expect(state.supply(of: web.service, atLeast: 2) == .lacking("web has 1 of 2 endpoints"))
        #expect(state.supply(of: nil, atLeast: 2) == .lacking("there are 1 of 2 endpoints"))
    }

    @Test func `files lack a list that is newer than theirs, and one that is kept or failed`() {
        var state = DaemonState(at: start)
        #expect(state.lackOfFiles(upTo: 0) == "some files do not hold the list yet")
        state.update(with: DaemonReadings(outputs: ["/a": .current(9)], written: 9), at: start)
        #expect(state.lackOfFiles(upTo: 9) == nil)
        #expect(state.lackOfFiles(upTo: 10) == "some files do not hold the list yet")
        let kept = DaemonReadings(outputs: ["/a": .kept(.empty)], written: Revision(rawValue: .max))
        state.update(with: kept, at: start)
        #expect(state.lackOfFiles(upTo: 9)?.hasPrefix("/a not updated: ") == true)
    }

    // MARK: parts

    private var synced: DaemonEvent {
        .watch(.synced(revision: 5, services: 1, endpoints: 1, bad: 0, foreign: 0))
    }
}
