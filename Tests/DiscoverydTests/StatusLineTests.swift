import Etcd
import Files
import Programs
import Registry
import Testing
import Texts

@testable import EndpointFiles
@testable import discoveryd

@Suite struct StatusLineTests {
    private let key: ServiceKey
    private let lease = LeaseID(rawValue: 0x694d)

    init() throws {
        key = ServiceKey(
            service: try #require(ServiceName(declared: "web")),
            instance: try #require(InstanceID(declared: "web-1"))
        )
    }

    @Test func whenAllIsWellItSaysWhatIsRegisteredAndWhatIsSeen() throws {
        var facts = StatusBoard.Facts()
        facts.isCurrent = true
        facts.etcd = try EtcdEndpoint("10.0.0.1:2379")
        var table = EndpointTable()
        table.insert(
            Endpoint(
                instance: ServiceInstance(
                    key: key,
                    address: try #require(HostAddress("10.0.0.5")),
                    port: 80
                ),
                createRevision: 1,
                modRevision: 1,
                version: 1,
                lease: lease
            )
        )
        facts.list = TableUpdate(
            table: table,
            clusterID: ClusterID(rawValue: 1),
            revision: 81234
        )
        let line = StatusLine(
            facts: facts,
            registrations: [key: .registered(lease: lease, at: 5)],
            lease: lease,
            outputs: [:]
        )
        #expect(
            line.text
                == "web registered, lease 000000000000694d, 1 service, 1 endpoint at revision "
                + "81234, etcd 10.0.0.1:2379"
        )
    }

    @Test func aStartThatEndedWithoutFilesSaysThatThereAreNone() throws {
        var facts = StatusBoard.Facts()
        facts.isDegraded = true
        facts.lacksFiles = true
        facts.etcdTrouble = "connection refused: no etcd listens there"
        let line = StatusLine(
            facts: facts,
            registrations: [:],
            lease: nil,
            outputs: ["/run/list": .waiting]
        )
        #expect(
            line.text
                == "degraded: no files yet, waiting for etcd, etcd: connection refused: no etcd listens there"
        )
    }

    @Test func whatIsWrongComesFirst() throws {
        var facts = StatusBoard.Facts()
        facts.etcdTrouble = "not reachable: connection refused"
        facts.withoutAddress = [try #require(ServiceName(declared: "db"))]
        let holder = Holder(owner: OwnerID("other"), lease: lease, address: "10.0.0.9:80")
        let error = FileError(
            code: .noSpace,
            path: "/x",
            call: "write",
            errno: 28,
            message: "the disk is full"
        )
        let text = StatusLine(
            facts: facts,
            registrations: [key: .refused(.heldByAnotherHost(holder))],
            lease: nil,
            outputs: ["/x": .failed(error)]
        ).text
        #expect(
            text.hasPrefix(
                "waiting for etcd, etcd: not reachable: connection refused, /x: the disk is full"
            )
        )
        #expect(text.contains("db waits for an address: ") && text.contains("; set address"))
        #expect(text.contains("web/web-1 refused: held by host other at 10.0.0.9:80"))
    }

    @Test func anOutputThatIsRefusedAndAReaderThatLagsBehindAreNamed() throws {
        var facts = StatusBoard.Facts()
        facts.isCurrent = true
        let fault = ProgramFault(code: .refused, message: "haproxy ended with status 1: bad line")
        let line = StatusLine(
            facts: facts,
            registrations: [:],
            lease: nil,
            outputs: ["/x": .refused(fault)],
            reloadFaults: [
                ReloadAction(.unit("haproxy.service")): ReloadFault(message: "not allowed")
            ]
        )
        #expect(
            line.text
                == "/x not updated: haproxy ended with status 1: bad line, haproxy.service still "
                + "uses the old file: not allowed"
        )
        let document = String(decoding: StatusDocument(line).bytes, as: UTF8.self)
        #expect(
            document.contains(#""status":"refused","detail":"haproxy ended with status 1: bad"#)
        )
        #expect(document.contains(#""reload_faults":{"haproxy.service":"not allowed"}"#))
        var calm = line
        calm.reloadFaults = [:]
        #expect(!StatusDocument(calm).isSameState(as: StatusDocument(line)))
    }

    @Test func endpointsOfSeveralClustersAreATroubleOfTheirOwn() throws {
        var facts = StatusBoard.Facts()
        facts.isCurrent = true
        facts.endpointsTrouble = "endpoints belong to different etcd clusters"
        let line = StatusLine(facts: facts, registrations: [:], lease: nil, outputs: [:])
        #expect(line.text == "endpoints belong to different etcd clusters")
    }

    @Test func theStateIsStaleOnlyAfterAList() {
        var facts = StatusBoard.Facts()
        #expect(facts.state == .syncing)
        facts.isDegraded = true
        #expect(facts.state == .degraded)
        facts.isDegraded = false
        facts.list = TableUpdate(
            table: EndpointTable(),
            clusterID: ClusterID(rawValue: 1),
            revision: 1
        )
        #expect(facts.state == .stale)
        facts.isCurrent = true
        #expect(facts.state == .current)
    }
}
