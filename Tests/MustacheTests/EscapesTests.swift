import Mustache
import Testing

/// What each escape makes of a text. That the readers agree is shown in `EndpointFilesTests/Consumers`.
@Suite struct EscapesTests {
    private func escaped(_ text: String, _ name: MustacheEscapeName) -> String? {
        var bytes: [UInt8] = []
        do throws(UnrepresentableValue) {
            try name.escape.append(text, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            return nil
        }
    }

    @Test(arguments: MustacheEscapeName.allCases)
    func anAddressStandsForItself(_ name: MustacheEscapeName) {
        #expect(escaped("10.0.0.5:8080", name) == "10.0.0.5:8080")
        #expect(escaped("web-1.example_a/b", name) == "web-1.example_a/b")
        #expect(name.escape.name == name.rawValue)
    }

    @Test(arguments: [
        (MustacheEscapeName.haproxy, "[2001:db8::1]:80"), (.nginx, "[2001:db8::1]:80"),
        (.shell, #"\[2001:db8::1\]:80"#), (.json, "[2001:db8::1]:80"), (.yaml, "[2001:db8::1]:80"),
        (.systemd, "[2001:db8::1]:80"), (.html, "[2001:db8::1]:80"), (.none, "[2001:db8::1]:80"),
    ])
    func aBracketIsWhatItIs(_ name: MustacheEscapeName, _ expected: String) {
        #expect(escaped("[2001:db8::1]:80", name) == expected)
    }

    private static let syntax: [(MustacheEscapeName, String?)] = [
        (.haproxy, ##"a\x20b\x22\x27\x5c\x23\x24é"##), (.nginx, nil),
        (.shell, ##"a\ b\"\'\\\#\$é"##),
        (.json, ##"a b\"'\\#$é"##), (.yaml, ##"a b\"'\\#$é"##), (.systemd, nil),
        (.html, ##"a b&quot;&#39;\#$é"##), (.none, ##"a b"'\#$é"##),
    ]

    @Test(arguments: syntax)
    func syntaxIsEscapedOrRefused(_ name: MustacheEscapeName, _ expected: String?) {
        #expect(escaped(##"a b"'\#$é"##, name) == expected)
    }

    // MARK: where a tag may stand

    private func said(_ template: String, _ name: MustacheEscapeName) -> String {
        sentence {
            try rendered(template, #"{"x":"v","n":1,"t":true,"l":["a","b"]}"#, escape: name)
        }
    }

    @Test(arguments: [
        #"{"a":"{{x}}"}"#, #"["\"{{x}}"]"#, #"{"a":{{n}},"b":{{t}}}"#, #"[{{#l}}"{{.}}",{{/l}}""]"#,
        #""a{{n}}{{x}}b""#, "\"\n{{x}}\"",
    ])
    func aTextOfJSONStandsInAString(_ template: String) {
        #expect(said(template, .json) == "no error")
    }

    @Test(arguments: [
        "{{x}}", #"{"a":{{x}}}"#, #""a"{{x}}"#, #""\\"{{x}}"#, #""\{{x}}""#, #"{{#l}}"{{/l}}{{x}}"#,
    ])
    func elsewhereItIsRefused(_ template: String) {
        #expect(said(template, .json).contains("stands outside of a string in double quotes"))
    }

    @Test(arguments: [
        (#"a: "{{x}}""#, true), (#"# {{x}}"#, true), (#"a: 1 # it's "{{x}}"#, true),
        (#"a: it's "{{x}}""#, true),
        (#"- "a \" {{x}}""#, true), ("a: {{x}}", false), (#"a: "b" {{x}}"#, false),
        ("a: '{{x}}'", false),
        (#"a: x#"{{x}}"#, false), (#"a: 5" {{x}}"#, false), (#"a: "\{{x}}""#, false),
        ("a: {{n}}", true),
    ])
    func aTextOfYAMLStandsInAStringOrAComment(_ template: String, _ isFine: Bool) {
        let expected = isFine ? "no error" : "stands outside of a string in double quotes"
        #expect(said(template, .yaml).contains(expected), "\(template)")
    }

    @Test(arguments: [
        ("a={{x}}", true), (#""{{x}}""#, true), ("'a'{{x}}'b'", true), ("# don't {{x}}", true),
        ("# don't\na={{x}}", true), (#"a=\\{{x}}"#, true), (#"'\'{{x}}"#, true),
        ("echo 'it' # '{{x}}", true),
        ("'{{x}}'", false), (#"\{{x}}"#, false), (#"'\{{x}}'"#, false), (#"a#'{{x}}'"#, false),
        (#""\"{{x}}""#, true), (#""'{{x}}'""#, true),
    ])
    func aWordOfAShellStandsOutsideOfSingleQuotes(_ template: String, _ isFine: Bool) {
        let said = said(template, .shell)
        #expect((said == "no error") == isFine, "\(template): \(said)")
    }

    @Test func noTemplateOfAnotherProgramIsMade() {
        #expect(escaped("{{x}}", .json) == #"\u007b\u007bx}}"#)
        #expect(escaped("{{x}}", .yaml) == #"\u007b\u007bx}}"#)
    }

    @Test(arguments: [
        (MustacheEscapeName.nginx, #"a"'\b"#, #"a\"\'\\b"#), (.systemd, #"a"\b"#, #"a\"\\b"#),
    ])
    func quotesGetABackslash(_ name: MustacheEscapeName, _ text: String, _ expected: String) {
        #expect(escaped(text, name) == expected)
    }

    @Test(arguments: [
        (MustacheEscapeName.haproxy, "%{}"), (.nginx, " ;{}#$"), (.systemd, " %$`';#"),
    ])
    func whatTheReaderHasNoEscapeForIsRefused(_ name: MustacheEscapeName, _ refused: String) {
        for character in refused { #expect(escaped("a\(character)b", name) == nil) }
    }

    @Test(arguments: ["\n", "\r", "\t", "\0", "\u{1b}", "\u{7f}", "\u{85}", "\u{2028}"])
    func controlCharactersAreWrittenInJSONAndYAMLOnly(_ control: String) {
        for name in [MustacheEscapeName.haproxy, .nginx, .shell, .systemd, .none] {
            #expect(escaped("a\(control)b", name) == nil)
        }
        for name in [MustacheEscapeName.json, .yaml] {
            let text = escaped("a\(control)b", name)
            #expect(text?.hasPrefix("a\\") == true && text?.contains(control) == false)
        }
    }

    @Test func aWordMustBeThere() {
        #expect(escaped("", .shell) == "''")
        for name in [MustacheEscapeName.haproxy, .nginx, .systemd] {
            #expect(escaped("", name) == nil)
        }
        for name in [MustacheEscapeName.json, .yaml, .html, .none] {
            #expect(escaped("", name) == "")
        }
    }

    @Test func htmlHasNoNUL() {
        #expect(escaped("a\0", .html) == nil && escaped("a\n", .html) == "a\n")
    }
}
