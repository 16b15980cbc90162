import Etcd
import Files
import FoundationEssentials
import Programs
import Registry
import TestKit
import Testing

@testable import Daemon
@testable import EndpointFiles

@Suite struct StatusLineTests {
    private let key: ServiceKey
    private let lease = LeaseID(rawValue: 0x694d)

    init() throws {
        key = try ServiceKey("web/web-1")
    }

    @Test func whenAllIsWellItSaysWhatIsRegisteredAndWhatIsSeen() throws {
        var state = DaemonState(at: Date())
        state.isCurrent = true
        state.etcd = try EtcdEndpoint("10.0.0.1:2379")
        state.list = try .of(key, revision: 81234)
        state.registrations = [
            key: .init(status: .registered(lease: lease, at: 5), since: Date())
        ]
        state.lease = lease
        #expect(
            StatusLine(state: state).text
                == "web registered, lease 000000000000694d, 1 service, 1 endpoint at revision "
                + "81234, etcd 10.0.0.1:2379"
        )
    }

    @Test
    func `a registration whose update is not in etcd is registered, and says why it is older`()
        throws
    {
        var state = DaemonState(at: Date())
        state.hasSynced = true
        state.isCurrent = true
        state.etcd = try EtcdEndpoint("10.0.0.1:2379")
        let updating = RegistrationStatus.updating(lease: lease, at: 5, nil)
        state.registrations = [key: .init(status: updating, since: Date())]
        #expect(StatusLine(state: state).text.hasPrefix("web registered"))
        #expect(!StatusLine(state: state).text.contains("not updated"))
        let late = RegistrationStatus.updating(lease: lease, at: 5, "etcd is away")
        state.registrations = [key: .init(status: late, since: Date())]
        #expect(
            StatusLine(state: state).text.hasPrefix("web registered, web not updated: etcd is away")
        )
        let service = StatusReport(state, at: Date()).services.first
        #expect(service?.status == "registered" && service?.detail == "not updated: etcd is away")
    }

    @Test func aStartThatEndedWithoutFilesSaysThatThereAreNone() throws {
        var state = DaemonState(at: Date())
        state.isDegraded = true
        state.lacksFiles = true
        state.etcdError = "connection refused: no etcd listens there"
        state.outputs = ["/run/list": .waiting]
        #expect(
            StatusLine(state: state).text
                == "degraded: no files yet, waiting for etcd, etcd: connection refused: no etcd listens there"
        )
    }

    @Test func whatIsWrongComesFirst() throws {
        var state = DaemonState(at: Date())
        state.etcdError = "not reachable: connection refused"
        state.withoutAddress = [try #require(ServiceName(declared: "db"))]
        let holder = Holder(owner: OwnerID("other"), lease: lease, address: "10.0.0.9:80")
        let error = FileError(
            code: .noSpace,
            path: "/x",
            call: "write",
            errno: 28,
            message: "the disk is full"
        )
        let refused = RegistrationStatus.refused(.heldByAnotherHost(holder))
        state.registrations = [key: .init(status: refused, since: Date())]
        state.outputs = ["/x": .failed(error)]
        let text = StatusLine(state: state).text
        #expect(
            text.hasPrefix(
                "waiting for etcd, etcd: not reachable: connection refused, /x: the disk is full"
            )
        )
        #expect(text.contains("db waits for an address: ") && text.contains("; set address"))
        #expect(text.contains("web/web-1 refused: held by host other at 10.0.0.9:80"))
    }

    @Test func anOutputThatIsRefusedAndAReaderThatLagsBehindAreNamed() throws {
        var state = DaemonState(at: Date())
        state.isCurrent = true
        let fault = ProgramFault(code: .refused, message: "haproxy ended with status 1: bad line")
        state.outputs = ["/x": .refused(fault)]
        state.actionFaults = [
            ReloadAction(.unit("haproxy.service")): ReloadFault(message: "not allowed")
        ]
        #expect(
            StatusLine(state: state).text
                == "/x not updated: haproxy ended with status 1: bad line, haproxy.service still "
                + "uses the old file: not allowed"
        )
    }

    /// File and process never disagree without a word.
    @Test func `a HAProxy that is not what its file says is named, in STATUS= and in the report`() {
        let fault = RuntimeFault(.notPermitted, "no permission to connect to /s")
        let cases: [(RuntimeStatus, line: String?, word: String, detail: String?)] = [
            (.pending, nil, "pending", nil), (.applying, nil, "current", nil),
            (.current(leaving: 0, setByHand: []), nil, "current", nil),
            (.current(leaving: 2, setByHand: []), nil, "current", "2 servers to be deleted"),
            (
                .current(
                    leaving: 0,
                    setByHand: ["web/a is in state maint", "web/b is in state drain"]
                ),
                "HAProxy, set by hand: web/a is in state maint and 1 more", "current",
                "set by hand: web/a is in state maint; web/b is in state drain"
            ),
            (
                .reloading("web/c has a host name"),
                "/x.cfg takes a reload of HAProxy: web/c has a host name", "reloading",
                "web/c has a host name"
            ),
            (
                .different("no backend"), "HAProxy differs from /x.cfg: no backend", "different",
                "no backend"
            ),
            (.unreachable(fault), "/x.cfg: \(fault)", "unreachable", fault.message),
        ]
        for (status, line, word, detail) in cases {
            var state = DaemonState(at: Date())
            state.isCurrent = true
            state.outputs = ["/x.cfg": .current(7)]
            state.runtimes = ["/x.cfg": status]
            let text = StatusLine(state: state).text
            if let line {
                #expect(text.contains(line), "\(text)")
            } else {
                #expect(!text.contains("/x.cfg") && !text.contains("HAProxy"), "\(text)")
            }
            let output = StatusReport(state, at: Date()).outputs.first
            #expect(output?.runtime == word)
            #expect(output?.runtimeDetail == detail)
        }
    }

    @Test func endpointsOfSeveralClustersAreATroubleOfTheirOwn() throws {
        var state = DaemonState(at: Date())
        state.isCurrent = true
        state.endpointsError = "endpoints belong to different etcd clusters"
        #expect(StatusLine(state: state).text == "endpoints belong to different etcd clusters")
    }
}
