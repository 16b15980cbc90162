import Testing

@testable import Systemd

@Suite struct OwnJobTests {
    @Test(arguments: [
        ("stop", OwnJob.stop), ("restart", .restart), ("try-restart", .restart),
        ("start", .restart),
        ("reload", .none), ("verify-active", .none), ("nop", .none), ("", .none),
    ])
    func aJobIsAStopARestartOrNeither(type: String, expected: OwnJob) {
        #expect(OwnJob(type: type) == expected)
    }
}
