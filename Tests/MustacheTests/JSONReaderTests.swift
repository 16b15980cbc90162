import Mustache
import Testing

@Suite struct JSONReaderTests {
    @Test func stringsAreReadWithTheirEscapes() throws {
        let data = #"["\"\\\/\b\f\n\r\t","é\u00e9\ud83d\ude00","\ud83d","\udc00x"]"#
        let text = try rendered("{{#.}}{{{.}}};{{/.}}", data)
        #expect(text == "\"\\/\u{8}\u{c}\n\r\t;éé\u{1f600};\u{fffd};\u{fffd}x;")
    }

    @Test func theLastOfSeveralMembersCounts() throws {
        #expect(try rendered("{{a}}", #" { "a" : 1 , "a" : 2 } "#) == "2")
    }

    @Test(arguments: [
        ("", "data:1:1: a JSON value must stand here"),
        ("{\n  \"a\": 01}", "data:2:9: a comma or } must stand after a member"),
        ("[1,]", "data:1:4: a JSON value must stand here"),
        ("[1 2]", "data:1:4: a comma or ] must stand after an element"),
        ("{a:1}", "data:1:2: the name of a member must stand here, in double quotes"),
        ("{\"a\"}", "data:1:5: a colon must stand between a name and its value"),
        ("1 2", "data:1:3: something follows the JSON value; remove it"),
        ("\"a", "data:1:3: the string has no end; close it with a double quote"),
        ("\"\\x\"", "data:1:3: this escape is none of JSON's"),
        ("\"\\u12\"", "data:1:4: four hexadecimal digits must follow \\u"),
        ("\"\n\"", "data:1:2: a control character must be escaped in a string"),
        ("1.", "data:1:3: a digit must stand here"), ("-", "data:1:2: a digit must stand here"),
        ("tru", "data:1:1: a JSON value must stand here"),
    ])
    func whatIsNotJSONIsRefusedWithItsPlace(_ json: String, _ expected: String) {
        #expect(sentence { try rendered("", json) } == expected)
    }

    @Test func depthHasAnEnd() {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(sentence { try rendered("", deep) }.contains("more than 256 deep"))
    }
}
