import Testing

@testable import HealthChecks

@Suite struct WordsTests {
    @Test func timesAreShort() {
        #expect(Words.time(.seconds(2)) == "2 s")
        #expect(Words.time(.milliseconds(250)) == "0.25 s")
        #expect(Words.time(.milliseconds(1005)) == "1.005 s")
    }

    @Test func whatOthersSayStaysOnItsLineAndIsBounded() {
        #expect(Words.excerpt("a\r\n\u{1b}[31mb\u{202e}c") == "a [31mb c")
        let long = Words.excerpt(String(repeating: "é", count: 500))
        #expect(long.utf8.count == 203)
        #expect(long.hasSuffix("é\u{2026}"))
    }
}
