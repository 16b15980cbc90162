import Mustache
import TestKit
import Testing

/// What is no template, and what a template must not do.
@Suite struct FaultsTests {
    @Test(arguments: [
        ("a\n é{{x", "main:2:3: the tag has no end; close it with \"}}\""),
        ("{{{x}}", "main:1:1: the tag has no end; close it with \"}}}\""),
        ("{{=<% %>}}", "main:1:1: the tag has no end; close it with \"=}}\""),
        ("{{}}", "main:1:1: the tag names nothing; write a name, or remove it"),
        ("{{# }}", "main:1:1: the tag names nothing; write a name, or remove it"),
        ("{{a b}}", "main:1:1: the tag holds \"a b\"; a name is one word"),
        (
            "{{a..b}}",
            "main:1:1: the name \"a..b\" has nothing beside a dot; write a.b, or . for the value itself"
        ),
        (
            "{{=a=}}",
            "main:1:1: the delimiters must be two words without \"=\", such as {{=<% %>=}}"
        ),
        ("x\n{{#a}}", "main:2:1: {{#a}} has no end; add {{/a}}"),
        (
            "{{/a}}",
            "main:1:1: {{/a}} ends a section that has not begun; remove it, or begin it with {{#a}}"
        ),
        (
            "{{^a}}\n{{#b}}{{/a}}",
            "main:2:7: {{/a}} stands where {{#b}} of line 2 has to end; write {{/b}}"
        ),
    ])
    func whatIsNoTemplateIsRefusedWithItsPlace(_ template: String, _ expected: String) {
        #expect(sentence { try rendered(template) } == expected)
    }

    @Test func whatIsNotUTF8IsRefused() {
        let said = sentence { try MustacheTemplate([0x61, 0xff], name: "main") }
        #expect(said == "main:1:1: the template is not UTF-8; save it in that encoding")
    }

    @Test func sectionsAreNotNestedWithoutEnd() {
        let many = String(repeating: "{{#a}}", count: 100_000)
        #expect(sentence { try rendered(many) }.contains("more than 64 sections are nested here"))
    }

    @Test(arguments: [
        ("[]", "x is a list; write {{#x}}…{{/x}} and what of each element is to be printed"),
        ("{}", "x is an object; name one of its members, {{x.…}}"),
    ])
    func listsAndObjectsAreNotPrinted(_ json: String, _ expected: String) {
        #expect(sentence { try rendered("{{x}}", #"{"x":\#(json)}"#) } == "main:1:1: \(expected)")
    }

    @Test func aValueOfNobodyThatCannotBeRepresentedIsAnError() {
        let said = sentence { try rendered("a\n{{x}}", #"{"x":"a\nb"}"#, escape: .shell) }
        #expect(
            said == """
                main:2:1: x holds a line break, which the escape "shell" cannot represent
                """
        )
    }

    @Test func unescapedTagsAreEscapedWhereTheCallerSaysSo() {
        let said = sentence {
            try rendered("{{{x}}}", #"{"x":"a\nb"}"#, escape: .none, unescapedTags: .escaped)
        }
        #expect(said.contains("main:1:1: x holds a line break"))
    }

    // MARK: limits

    @Test func aPartialThatNamesItselfForEverIsEnded() {
        let said = sentence { try rendered("{{>p}}", partials: ["p": "\n{{>p}}"]) }
        #expect(said.hasPrefix("p:2:1: sections and partials are more than 128 deep"))
    }

    @Test func aPartialThatDoublesIsEndedByItsSteps() {
        let limits = MustacheLimits(steps: 1000, depth: 128, bytes: 1 << 20)
        let said = sentence {
            try rendered("{{>p}}", partials: ["p": "{{>p}}{{>p}}"], limits: limits)
        }
        #expect(said.contains("deep"))
        let wide = sentence {
            try rendered(
                "{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}",
                #"{"l":[1,2,3,4,5,6,7,8,9,10,11,12]}"#,
                limits: limits
            )
        }
        #expect(wide.contains("rendering takes more than 1000 steps"))
    }

    @Test func aResultThatGrowsIsEnded() {
        let limits = MustacheLimits(steps: 1_000_000, depth: 128, bytes: 1000)
        let data = #"{"l":[1,2,3,4,5,6,7,8,9,10,11,12]}"#
        let said = sentence {
            try rendered("{{#l}}\(String(repeating: "x", count: 100)){{/l}}", data, limits: limits)
        }
        #expect(said.contains("the result is longer than 1000 bytes"))
        let long = #"{"x":"\#(String(repeating: "y", count: 2000))"}"#
        #expect(
            sentence { try rendered("{{x}}", long, limits: limits) }.contains("longer than 1000")
        )
    }

    @Test func theLastTextCountsToo() {
        let limits = MustacheLimits(steps: 10, depth: 128, bytes: 10)
        #expect(
            sentence { try rendered("12345678901", limits: limits) }.contains(
                "longer than 10 bytes"
            )
        )
    }

    // MARK: what a template says of itself

    @Test func aTemplateTellsItsPartialsAndItsUnescapedTags() throws {
        let template = try MustacheTemplate(
            Array("{{>a}}\n{{#x}}{{>b}}{{>a}}{{{y}}}{{/x}}{{&z}}".utf8),
            name: "main"
        )
        #expect(template.partials.map(\.name) == ["a", "b"])
        #expect(template.partials.map { "\($0.place)" } == ["main:1:1", "main:2:7"])
        #expect(template.unescapedTags.map { "\($0)" } == ["main:2:19", "main:2:32"])
    }

    @Test(arguments: ["a", "a.b", "A-b_9"])
    func partialsAreFilesBesideTheTemplate(_ name: String) {
        #expect(MustacheTemplate.isFileName(name))
    }

    @Test(arguments: ["", ".", "..", ".a", "a/b", "/etc/passwd", "../a", "a\0", "ä", "a:b"])
    func noOtherNameIs(_ name: String) {
        #expect(!MustacheTemplate.isFileName(name))
    }
}
