import Testing

@testable import Texts

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("0s", Duration.zero), ("500ms", .milliseconds(500)), ("10s", .seconds(10)),
        ("2m", .seconds(120)), ("1h", .seconds(3600)), ("007s", .seconds(7)),
        ("999999999h", .seconds(3_599_999_996_400)),
    ])
    func aNumberAndAUnitAreRead(text: String, duration: Duration) {
        #expect(DurationText(text)?.duration == duration)
    }

    @Test(arguments: [
        "", "10", "s", "10 s", " 10s", "10s ", "-1s", "+1s", "1.5s", "1m30s", "10S", "10sec", "1d",
        "1000000000s", "99999999999999999999h", "١s", "10s\0", "1e3s", "0x1s", "10us",
    ])
    func anythingElseIsNotADuration(text: String) {
        #expect(DurationText(text) == nil)
    }

    @Test(arguments: [
        (Duration.zero, "0s"), (.milliseconds(1500), "1500ms"), (.seconds(60), "1m"),
        (.seconds(90), "90s"), (.seconds(3600), "1h"), (.seconds(5400), "90m"),
        (.microseconds(2_000_999), "2s"),
    ])
    func aDurationIsWrittenInItsLargestUnit(duration: Duration, text: String) {
        #expect(DurationText(duration).description == text)
    }
}
