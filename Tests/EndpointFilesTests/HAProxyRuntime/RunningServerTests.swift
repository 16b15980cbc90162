import TestKit
import Testing
import Texts

@testable import EndpointFiles

@Suite struct RunningServerTests {
    private static let state = """
        1
        # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight \
        srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state \
        srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port \
        srv_check_addr srv_agent_addr srv_agent_port
        3 web 1 web-1 127.0.0.1 2 8 20 100 0 8 2 0 6 0 0 0 - 18081 - 0 0 - - 0
        3 web 2 web-2 ::1 0 1 50 50 0 1 0 0 2 0 0 0 - 80 - 1 0 - - 0
        3 web 3 web-3 - 2 0 1 1 0 1 0 0 0 0 0 0 db.example.org 5432 - 0 0 - - 0


        """

    @Test func `the servers of a backend are read`() throws {
        let servers = try RunningServer.servers(inState: Self.state)
        #expect(servers.map(\.name) == ["web-1", "web-2", "web-3"])
        #expect(servers.map { $0.address?.text } == ["127.0.0.1", "::1", nil])
        #expect(servers.map { $0.hostName?.text } == [nil, nil, "db.example.org"])
        #expect(servers.map(\.port) == [18081, 80, 5432])
        #expect(servers.map(\.weight) == [20, 50, 1])
        #expect(servers.map(\.admin) == [.drain, .maintenance, []])
        #expect(servers.map(\.check) == [[.configured, .enabled], .configured, []])
        #expect(servers.map(\.usesTLS) == [false, true, false])
    }

    @Test func `an answer that is cut off anywhere is none`() throws {
        let whole = Array(Self.state.utf8)
        for end in whole.indices.dropLast() where end < whole.count {
            let cut = String(decoding: whole[..<end], as: UTF8.self)
            #expect(throws: RuntimeFault.self, "\(end) bytes") {
                try RunningServer.servers(inState: cut)
            }
        }
    }

    @Test(arguments: [
        "", "Permission denied\n\n", "2\n# be_id\n\n", "1\nfoo\n\n", "Unknown command\n\n",
    ])
    func `another answer is none`(answer: String) {
        #expect(throws: RuntimeFault.self) { try RunningServer.servers(inState: answer) }
        #expect(throws: RuntimeFault.self) { try HAProxyProcess(answer) }
    }

    @Test func `altered answers are read or refused`() {
        let complaint = Fuzzing.complaint(inputs: 5000, corpus: [Self.state]) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            guard let servers = try? RunningServer.servers(inState: text) else { return .refused }
            return .init(
                servers.allSatisfy { !$0.name.contains(" ") } ? nil : "a name of two words"
            )
        }
        #expect(complaint == nil)
    }

    @Test func `connections in use are read by the names of the columns`() throws {
        let answer = """
            # bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb idle_lim
            web/web-2 3/2 127.0.0.9 18099 - 5000 7 9 0 0 0 -1
            web/web-3 3/3 127.0.0.1 18083 - 0 0 0 0 0 0 0


            """
        #expect(try RunningServer.connections(in: answer) == ["web-2": 7, "web-3": 0])
    }

    @Test func `a process is the same while it grows older as time passes`() throws {
        var first = try HAProxyProcess("Name: HAProxy\nPid: 8\nUptime_sec: 10\n\n")
        first.seenAt = .seconds(100)
        #expect(HAProxyProcess(pid: 8, uptime: 40, seenAt: .seconds(130)).isSame(as: first))
        #expect(!HAProxyProcess(pid: 9, uptime: 40, seenAt: .seconds(130)).isSame(as: first))
        // In a container each process may have the same number.
        #expect(!HAProxyProcess(pid: 8, uptime: 1, seenAt: .seconds(130)).isSame(as: first))
    }

    @Test func `a process that stood still is the same, though its clock stood still too`() {
        let first = HAProxyProcess(pid: 8, uptime: 60, seenAt: .seconds(100))
        #expect(HAProxyProcess(pid: 8, uptime: 61, seenAt: .seconds(130)).isSame(as: first))
        #expect(!HAProxyProcess(pid: 8, uptime: 29, seenAt: .seconds(130)).isSame(as: first))
    }
}
