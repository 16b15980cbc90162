import Testing

@testable import Texts

@Suite struct OneLineTests {
    @Test(arguments: [
        ("\n", "\\n"), ("\r\n", "\\r\\n"), ("\t", "\\t"), ("\0", "\\u{0}"),
        ("\u{1B}[31m", "\\u{1b}[31m"), ("\u{7F}", "\\u{7f}"), ("\u{9B}0m", "\\u{9b}0m"),
        ("\u{2028}", "\\u{2028}"), ("\u{2029}", "\\u{2029}"), ("\u{202E}", "\\u{202e}"),
        ("\u{2066}", "\\u{2066}"),
    ])
    func whatCouldBreakALineIsEscaped(text: String, expected: String) {
        #expect(OneLine.escaped("a" + text + "b") == "a" + expected + "b")
        #expect(OneLine.flattened("a" + text + "b").unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test func ordinaryTextIsLeftAlone() {
        let text = "Grüße, \"日本\" C:\\x 👩‍👩‍👧 = 1"
        #expect(OneLine.escaped(text) == text)
        #expect(OneLine.flattened(text) == text)
    }

    @Test func betweenQuotesTheQuoteAndTheBackslashAreEscaped() {
        #expect(OneLine.escaped(#"say "\n""#, quoting: true) == #"say \"\\n\""#)
    }

    @Test(arguments: ["x", "é", "日", "👩", "e\u{301}"], [3, 4, 5, 6, 7, 8, 9])
    func aBoundHoldsInBytesWhereverTheCutFalls(character: String, limit: Int) {
        let result = OneLine.bounded(String(repeating: character, count: 20), to: limit)
        #expect(result.utf8.count <= limit)
        #expect(result.unicodeScalars.last == "\u{2026}")
        #expect(!result.unicodeScalars.contains("\u{FFFD}"))
    }

    @Test func aTextAtTheBoundIsKeptWhole() {
        #expect(OneLine.bounded("日本", to: 6) == "日本")
        #expect(OneLine.bounded("日本語", to: 8) == "日…")
    }

    @Test func whatOthersSayStaysOnItsLineAndIsBounded() {
        #expect(OneLine.excerpt("a\r\n\u{1b}[31mb\u{202e}c") == "a [31mb c")
        let long = OneLine.excerpt(String(repeating: "é", count: 500))
        #expect(long.utf8.count <= OneLine.excerptLimit)
        #expect(long.hasSuffix("é\u{2026}"))
    }
}
