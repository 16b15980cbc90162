import Glibc
import Testing

@testable import Systemd

@Suite struct NotificationTests {
    @Test func eachNotificationHasItsAssignment() {
        #expect(Notification.ready.assignments == "READY=1")
        #expect(Notification.stopping.assignments == "STOPPING=1")
        #expect(Notification.watchdog.assignments == "WATCHDOG=1")
        #expect(Notification.status("two services").assignments == "STATUS=two services")
    }

    @Test func aReloadSaysWhenItBegan() {
        let reloading = Notification.reloading(monotonicMicroseconds: 1_234_567)
        #expect(reloading.assignments == "RELOADING=1\nMONOTONIC_USEC=1234567")
    }

    @Test func aReloadBeginningNowLiesBetweenTwoReadingsOfTheMonotonicClock() throws {
        func microseconds() -> UInt64 {
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
        }
        let before = microseconds()
        guard case .reloading(let began) = Notification.reloadingNow() else {
            Issue.record("not a reload")
            return
        }
        #expect(began >= before)
        #expect(began <= microseconds())
    }

    @Test func aStatusWithANewlineStaysOneLine() {
        let status = Notification.status("all is well\nREADY=1\r\n\u{85}\u{2028}STOPPING=1")
        #expect(status.assignments == "STATUS=all is well READY=1 STOPPING=1")
    }

    @Test func aStatusCannotDriveTheTerminalOfSystemctl() {
        let status = Notification.status("web\u{1B}[2J\u{202E}evil\u{0}")
        #expect(status.assignments == "STATUS=web [2J evil ")
    }

    @Test func aStatusKeepsTextThatIsNotAscii() {
        #expect(Notification.status("Zürich: 日本 👩‍👩‍👧").assignments == "STATUS=Zürich: 日本 👩‍👩‍👧")
    }

    @Test(arguments: ["x", "é", "日", "👩"])
    func aLongStatusIsCutBetweenCharactersAndSaysSo(character: String) {
        let limit = Notification.statusByteLimit
        let status = Notification.status(String(repeating: character, count: 5000)).assignments
        let text = status.dropFirst("STATUS=".count)
        #expect(text.utf8.count <= limit)
        #expect(text.utf8.count > limit - 4)
        #expect(text.hasSuffix("…"))
        #expect(text.dropLast().allSatisfy { String($0) == character })
    }

    @Test func aStatusAsLongAsTheLimitIsNotCut() {
        let text = String(repeating: "x", count: Notification.statusByteLimit)
        #expect(Notification.status(text).assignments == "STATUS=" + text)
    }

    @Test(arguments: [
        (Duration.seconds(30), "30000000"),
        (.microseconds(1), "1"),
        (.nanoseconds(1500), "2"),  // Rounded up.
        (.zero, "0"),
        (.seconds(-5), "0"),
        (.seconds(Int64.max), "18446744073709551614"),  // One below "infinity".
    ])
    func anExtensionIsInMicroseconds(duration: Duration, expected: String) {
        let notification = Notification.extendTimeout(duration)
        #expect(notification.assignments == "EXTEND_TIMEOUT_USEC=" + expected)
    }
}
