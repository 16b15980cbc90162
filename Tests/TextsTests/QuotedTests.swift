import Testing

@testable import Texts

@Suite struct QuotedTests {
    @Test(arguments: [
        ("plain", #""plain""#), ("", #""""#), ("a\"b\\c", #""a\"b\\c""#),
        ("a\nb\tc\rd", #""a\nb\tc\rd""#), ("\u{1b}[31m", #""\u{1b}[31m""#), ("\0", #""\u{0}""#),
        ("\u{202e}x", #""\u{202e}x""#), ("\u{2028}", #""\u{2028}""#), ("ü é 字", "\"ü é 字\""),
        ("\u{e0001}", #""\u{e0001}""#),
    ])
    func whatDoesNotPrintIsEscaped(text: String, quoted: String) {
        #expect(Quoted(text).description == quoted)
    }

    @Test func whatIsLongIsCut() {
        let longest = String(repeating: "x", count: Quoted.limit)
        #expect(Quoted(longest).description == "\"\(longest)\"")
        #expect(Quoted(longest + "y").description == "\"\(longest)…\"")
    }
}
