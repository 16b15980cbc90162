import Testing

@testable import Registry

/// What is said of records that cannot be read does not grow with their number.
@Suite struct BadRecordReportsTests {
    private func bad(_ range: Range<Int>) -> [WatchReport] {
        range.map { .badRecord(key: StoreKey("services/web/\($0)"), .unreadable) }
    }

    private func names(_ reports: [WatchReport]) -> [String] {
        reports.compactMap {
            if case .badRecord(let key, _) = $0 { key.description } else { nil }
        }
    }

    private func counts(_ reports: [WatchReport]) -> [Int] {
        reports.compactMap { if case .moreBadRecords(let count) = $0 { count } else { nil } }
    }

    @Test func ofTwentyThousandAtTheStartTwentyAreNamedAndTheOthersCounted() {
        var reports = BadRecordReports()
        let said = reports.limited(bad(0..<20_000), at: .zero)
        #expect(said.count == 21)
        #expect(names(said).count == 20 && counts(said) == [19_980])
        #expect(reports.timePassed(to: .seconds(600)).isEmpty)
    }

    @Test func aKeyThatFlipsIsNamedOnceInTenMinutes() {
        var reports = BadRecordReports()
        var said: [WatchReport] = []
        for second in 0..<600 {
            let now = Duration.seconds(second)
            said += reports.limited(bad(0..<1), at: now)
            said += reports.limited([.badRecordEnded(key: "services/web/0")], at: now)
            said += reports.timePassed(to: now)
        }
        #expect(names(said).count == 1)
        // Nor is its end said more often than it was named.
        #expect(said.count { if case .badRecordEnded = $0 { true } else { false } } == 1)
        // Two a minute: the first at once, the others when it is over.
        #expect(counts(said).count <= 20)
        let later = reports.limited(bad(0..<1), at: .seconds(660))
        #expect(names(later) == ["services/web/0"])
    }

    @Test func whatIsCountedAfterTheFirstCountIsSaidWhenTheMinuteIsOver() {
        var reports = BadRecordReports()
        _ = reports.limited(bad(0..<25), at: .zero)
        #expect(reports.limited(bad(100..<130), at: .seconds(5)).isEmpty)
        #expect(reports.deadline == .seconds(60))
        #expect(counts(reports.timePassed(to: .seconds(60))) == [30])
        #expect(names(reports.limited(bad(200..<201), at: .seconds(61))) == ["services/web/200"])
    }

    @Test func ofWhatWasNotNamedTheEndIsNotSaidEither() {
        var reports = BadRecordReports()
        _ = reports.limited(bad(0..<30), at: .zero)
        let ended = (0..<30).map { WatchReport.badRecordEnded(key: StoreKey("services/web/\($0)")) }
        #expect(reports.limited(ended, at: .seconds(1)).count == 20)
    }

    @Test func theRestIsLeftAsItIs() {
        var reports = BadRecordReports()
        let other = WatchReport.outOfSync(reason: "the stream ended")
        #expect(reports.limited([other], at: .zero).count == 1)
    }
}
