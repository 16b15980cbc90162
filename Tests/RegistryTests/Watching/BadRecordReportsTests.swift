import Testing

@testable import Registry

/// What is said of records that cannot be read does not grow with their number.
@Suite struct BadRecordReportsTests {
    private func bad(_ range: Range<Int>) -> [WatchReport] {
        range.map { .badRecord(key: StoreKey("services/web/\($0)"), .unreadable) }
    }

    @Test func ofTwentyThousandAtTheStartTwentyAreNamedAndTheOthersCounted() {
        var reports = BadRecordReports()
        let said = reports.limited(bad(0..<20_000), at: .zero)
        #expect(said == bad(0..<20) + [.moreBadRecords(19_980)])
        #expect(reports.timePassed(to: .seconds(600)).isEmpty)
    }

    @Test func aKeyThatFlipsIsNamedOnceInTenMinutes() {
        var reports = BadRecordReports()
        let ended = WatchReport.badRecordEnded(key: "services/web/0")
        var said: [WatchReport] = []
        for second in 0..<600 {
            let now = Duration.seconds(second)
            said += reports.limited(bad(0..<1), at: now)
            said += reports.limited([ended], at: now)
            said += reports.timePassed(to: now)
        }
        // Nor is its end said more often than it was named.
        #expect(Array(said.prefix(2)) == bad(0..<1) + [ended])
        // Two a minute: the first at once, the others when it is over.
        let counts = said.dropFirst(2)
        #expect(!counts.isEmpty && counts.count <= 20)
        #expect(!counts.contains(ended) && !counts.contains(bad(0..<1)[0]))
        #expect(reports.limited(bad(0..<1), at: .seconds(660)).contains(bad(0..<1)[0]))
    }

    @Test func whatIsCountedAfterTheFirstCountIsSaidWhenTheMinuteIsOver() {
        var reports = BadRecordReports()
        _ = reports.limited(bad(0..<25), at: .zero)
        #expect(reports.limited(bad(100..<130), at: .seconds(5)).isEmpty)
        #expect(reports.deadline == .seconds(60))
        #expect(reports.timePassed(to: .seconds(60)) == [.moreBadRecords(30)])
        #expect(reports.limited(bad(200..<201), at: .seconds(61)) == bad(200..<201))
    }

    @Test func ofWhatWasNotNamedTheEndIsNotSaidEither() {
        var reports = BadRecordReports()
        _ = reports.limited(bad(0..<30), at: .zero)
        let ended = (0..<30).map { WatchReport.badRecordEnded(key: StoreKey("services/web/\($0)")) }
        #expect(reports.limited(ended, at: .seconds(1)) == Array(ended.prefix(20)))
    }

    @Test func theRestIsLeftAsItIs() {
        var reports = BadRecordReports()
        let other = WatchReport.outOfSync(reason: "the stream ended")
        #expect(reports.limited([other], at: .zero) == [other])
    }
}
