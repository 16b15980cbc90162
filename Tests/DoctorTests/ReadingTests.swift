import Configuration
import TestKit
import Testing

@testable import Doctor

/// What is read of /proc and systemctl.
@Suite struct ReadingTests {
    @Test func listenersAreReadFromTheTablesOfTheKernel() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:24FD 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 1 1 0 100 0 0 10 0
               1: 0100007F:24FD 0100007F:1234 01 00000000:00000000 00:00000000 00000000   998        0 1 1 0 100 0 0 10 0
            """
        #expect(ListenerTable.read(text, .tcp) == [Listener(.tcp, "127.0.0.1", 9469, user: 998)])
        let six = """
              sl  local_address
               0: 00000000000000000000000001000000:1F90 0:0 0A 0:0 00:0 0 33 0 1
               1: 0000000000000000FFFF00000500000A:1F90 0:0 0A 0:0 00:0 0 33 0 1
               2: 00000000000000000000000000000000:1F90 0:0 0A 0:0 00:0 0 33 0 1
            """
        #expect(ListenerTable.read(six, .tcp).map(\.address) == ["::1", "10.0.0.5", "::"])
    }

    @Test func ofALongTableTheBeginningIsRead() {
        #expect(ListenerTable.beginning(of: "/proc/self/status", upTo: 5) == Array("Name:".utf8))
        #expect(ListenerTable.beginning(of: "/proc/self/none", upTo: 5).isEmpty)
    }

    @Test func tablesThatAreBrokenDoNoHarm() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(state: seed)
        let alphabet = Array("0123456789ABCDEF: \r\n\t=xyz\\\"'#;".utf8)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...200, using: &generator)
            let bytes = (0..<count).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let found = ListenerTable.read("head\n" + text, .tcp)
            #expect(found.count <= text.split(separator: "\n").count, "seed \(seed)")
            #expect(UnitProperties.read(text).count <= count + 1, "seed \(seed)")
            #expect(
                !RedactedUnit(file: text + "\n\nEnvironment=A=sesame\n").text.contains("sesame"),
                "seed \(seed)"
            )
        }
    }

    @Test func propertiesOfSeveralUnitsAreTold() {
        let all = UnitProperties.read("Id=a.service\nUser=x=y\n\nId=b.service\nUser=\n")
        #expect(all.map { $0["Id"] } == ["a.service", "b.service"])
        #expect(all.first?["User"] == "x=y" && all.last?["User"] == "" && all.last?["None"] == "")
    }

    @Test(arguments: [
        (["/usr/sbin/discoveryd", "run"], true), (["discoveryd"], true),
        (["/usr/sbin/discoveryd", "status"], false), (["/usr/bin/vi", "discoveryd"], false),
        (["discoveryd", "run", "--config", "/x"], true), (["/x/discoveryd", "doctor"], false),
    ])
    func daemonsAreToldFromCommands(_ arguments: [String], _ isDaemon: Bool) {
        let bytes: [UInt8] = arguments.flatMap { (argument: String) -> [UInt8] in
            Array(argument.utf8) + [0]
        }
        #expect(DaemonProcesses.daemonArguments(bytes) == (isDaemon ? arguments : nil))
        #expect(DaemonProcesses.daemonArguments([]) == nil)
    }
}

/// What is read of a daemon's process.
@Suite struct DaemonProcessTests {
    @Test func aProcessTellsItsUserAndItsParent() {
        var facts = DaemonProcessFacts(process: 9, arguments: [])
        facts.add(
            status: "Name:\tx\nPPid:\t7\nUid:\t1\t998\t3\t4\nGid:\t1\t5\t3\t4\nGroups:\t6 7 \n"
        )
        #expect(facts.parent == 7)
        #expect(facts.user == UserFacts(name: "uid 998", id: 998, groups: [5, 6, 7]))
        var broken = DaemonProcessFacts(process: 9, arguments: [])
        broken.add(status: "Uid:\nPPid:\nGroups:\nUid: x y")
        #expect(broken.user == nil && broken.parent == 0)
    }

    @Test func aForkOfADaemonIsNoSecondOne() {
        let daemon = DaemonProcessFacts(process: 9, arguments: [])
        var child = DaemonProcessFacts(process: 10, arguments: [])
        child.parent = 9
        #expect(DaemonProcesses.withoutChildren([daemon, child]) == [daemon])
    }

    @Test(arguments: [
        ("STATE_DIRECTORY=/a:/b", DaemonProcessFacts.GivenDirectory.directory("/a")),
        ("STATE_DIRECTORY=", .none), ("STATE_DIRECTORY=a", .none), ("X=STATE_DIRECTORY=/a", .none),
        ("", .none),
    ])
    func theStateDirectoryOfTheEnvironmentIsRead(
        _ variable: String,
        _ given: DaemonProcessFacts.GivenDirectory
    ) {
        let bytes = Array("A=b".utf8) + [0] + Array(variable.utf8) + [0]
        #expect(DaemonProcesses.givenDirectory(bytes) == given)
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
