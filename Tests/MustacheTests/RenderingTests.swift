import Mustache
import Testing

/// What Mustache's specification says, case by case in words of our own.
@Suite struct RenderingTests {
    // MARK: values

    @Test func textWithoutTagsIsPrintedAsItIs() throws {
        #expect(try rendered("port 80; { } \n\n") == "port 80; { } \n\n")
        #expect(try rendered("") == "")
    }

    @Test func aValueIsPrintedWhereItsTagStands() throws {
        #expect(try rendered("a {{x}} b {{ x }}{{x}}", #"{"x":"1"}"#) == "a 1 b 11")
    }

    @Test(arguments: [
        ("80", "80"), ("-0", "-0"), ("1.50", "1.50"), ("1E+2", "1E+2"), ("true", "true"),
        ("null", ""), (#""""#, ""), ("12345678901234567890123", "12345678901234567890123"),
    ])
    func numbersArePrintedAsTheyAreWritten(_ json: String, _ expected: String) throws {
        #expect(try rendered("[{{x}}]", #"{"x":\#(json)}"#) == "[\(expected)]")
        #expect(try rendered("[{{{x}}}{{&x}}]", #"{"x":\#(json)}"#) == "[\(expected)\(expected)]")
    }

    @Test func whatIsNotThereIsEmpty() throws {
        #expect(try rendered("[{{x}}{{{x}}}{{&x}}{{x.y}}]") == "[]")
    }

    @Test func valuesAreEscapedUnlessTheTagSaysOtherwise() throws {
        let data = #"{"x":"<a href=\"b\">&'"}"#
        #expect(try rendered("{{x}}", data) == "&lt;a href=&quot;b&quot;&gt;&amp;&#39;")
        #expect(
            try rendered("{{{x}}} {{&x}} {{& x }}", data)
                == #"<a href="b">&' <a href="b">&' <a href="b">&'"#
        )
    }

    @Test func whiteSpaceAroundAValueStays() throws {
        #expect(try rendered(" {{x}}\n\t{{{x}}} \n", #"{"x":"1"}"#) == " 1\n\t1 \n")
    }

    @Test func aValueIsNotTakenForATemplate() throws {
        #expect(try rendered("{{{x}}}", #"{"x":"{{y}}","y":"no"}"#) == "{{y}}")
    }

    @Test(arguments: [("\"a\"", "a"), ("7", "7"), ("true", "true")])
    func theDataCanBeAnyValue(_ json: String, _ expected: String) throws {
        #expect(try rendered("{{.}}", json) == expected)
    }

    // MARK: names

    @Test func aNameWithDotsLeadsIntoObjects() throws {
        let data = #"{"a":{"b":{"c":"deep"}},"c":"top"}"#
        #expect(
            try rendered("{{a.b.c}} {{{a.b.c}}} {{#a.b}}{{c}}{{/a.b}}", data) == "deep deep deep"
        )
        #expect(try rendered("[{{a.c}}{{a.b.c.d}}{{x.y}}]", data) == "[]")
    }

    @Test func aNameIsLookedForFromTheInsideOut() throws {
        let data = #"{"a":{"one":1},"b":{"two":2},"c":{"three":3,"one":"in"}}"#
        let template =
            "{{#a}}{{one}}{{#b}}{{one}}{{two}}{{#c}}{{one}}{{two}}{{three}}{{/c}}{{/b}}{{/a}}"
        #expect(try rendered(template, data) == "112in23")
    }

    @Test func onlyTheFirstPartOfANameIsLookedForOutside() throws {
        let data = #"{"a":{"b":"outer"},"s":{"a":{}}}"#
        #expect(try rendered("[{{#s}}{{a.b}}{{/s}}]", data) == "[]")
    }

    @Test func nullHidesWhatIsOutside() throws {
        #expect(try rendered("[{{#s}}{{x}}{{/s}}]", #"{"x":1,"s":{"x":null}}"#) == "[]")
    }

    // MARK: sections

    @Test(arguments: [
        ("true", "yes"), ("false", ""), ("null", ""), ("[]", ""), ("{}", "yes"), ("\"x\"", "yes"),
        ("0", "yes"), ("\"\"", "yes"),
    ])
    func aSectionIsForWhatIsThere(_ json: String, _ expected: String) throws {
        let data = #"{"x":\#(json)}"#
        #expect(try rendered("{{#x}}yes{{/x}}", data) == expected)
        #expect(try rendered("{{^x}}yes{{/x}}", data) == (expected.isEmpty ? "yes" : ""))
    }

    @Test func whatIsMissingIsNotThere() throws {
        #expect(
            try rendered("{{#x}}a{{/x}}{{^x}}b{{/x}}{{#y.z}}c{{/y.z}}{{^y.z}}d{{/y.z}}") == "bd"
        )
    }

    @Test func aListIsRenderedElementByElement() throws {
        let data = #"{"l":[{"n":1},{"n":2},{"n":3}],"n":"top"}"#
        #expect(try rendered("{{#l}}<{{n}}>{{/l}}{{^l}}none{{/l}}", data) == "<1><2><3>")
    }

    @Test func theElementItselfIsADot() throws {
        #expect(
            try rendered("{{#l}}({{.}}){{/l}}", #"{"l":["a",1,1.10,"<"]}"#) == "(a)(1)(1.10)(&lt;)"
        )
        #expect(try rendered("{{#l}}{{{.}}}{{&.}}{{/l}}", #"{"l":["<"]}"#) == "<<")
        #expect(try rendered("{{#.}}{{#.}}{{.}}{{/.}};{{/.}}", "[[1,2],[3]]") == "12;3;")
        #expect(try rendered("{{#.}}{{n}}{{/.}}", #"[{"n":1},{"n":2}]"#) == "12")
    }

    @Test func sectionsNest() throws {
        let data = #"{"a":[{"b":[1,2]},{"b":[]}],"on":true}"#
        let template = "{{#a}}{{#b}}{{#on}}{{.}}{{/on}}{{/b}}{{^b}}-{{/b}}{{/a}}"
        #expect(try rendered(template, data) == "truetrue-")
        #expect(try rendered("{{#on}}a{{#on}}b{{/on}}c{{/on}}", data) == "abc")
    }

    // MARK: lines

    @Test(arguments: [
        ("a\n{{#t}}\nb\n{{/t}}\nc", "a\nb\nc"), ("a\n  {{#t}}  \nb\n\t{{/t}}\nc", "a\nb\nc"),
        ("{{#t}}\nb\n{{/t}}", "b\n"), ("{{^f}}\nb\n{{/f}}\n", "b\n"),
        ("a\r\n{{#t}}\r\nb\r\n{{/t}}\r\nc", "a\r\nb\r\nc"),
        ("a\n  {{! words }}  \nb", "a\nb"), ("a\n{{!\n many\n lines\n}}\nb", "a\nb"),
        ("a\n  {{=<% %>=}}\nb<%t%>", "a\nbtrue"), ("  {{! }}", ""),
    ])
    func aLineOfOneTagThatPrintsNothingIsNoLine(_ template: String, _ expected: String) throws {
        #expect(try rendered(template, #"{"t":true,"f":false}"#) == expected)
    }

    @Test(arguments: [
        (" {{#t}}a{{/t}}\n", " a\n"), ("x {{! }}\n", "x \n"), (" {{! }} {{! }}\n", "  \n"),
        ("{{t}}\n", "true\n"), ("a {{#t}} \n {{/t}} b", "a  \n  b"), (" {{^f}}a{{/f}} \n", " a \n"),
    ])
    func aLineThatHoldsMoreStays(_ template: String, _ expected: String) throws {
        #expect(try rendered(template, #"{"t":true,"f":false}"#) == expected)
    }

    // MARK: comments and delimiters

    @Test func commentsAreNotPrinted() throws {
        #expect(try rendered("a{{! b }}c{{!d\n{{e}}f", #"{"e":1}"#) == "acf")
        #expect(try rendered("[{{! x}}]", #"{"x":1,"! x":2}"#) == "[]")
    }

    @Test func delimitersCanBeOthers() throws {
        let data = #"{"x":1,"l":[1]}"#
        #expect(try rendered("{{=<% %>=}}<%x%> {{x}} <%={{ }}=%>{{x}}", data) == "1 {{x}} 1")
        #expect(try rendered("{{=| |=}}|#l||.||/l||&x||{x}|", data) == "111")
        #expect(try rendered("{{= @   @ =}}@x@", data) == "1")
        #expect(try rendered("{{#l}}{{=[ ]=}}[x][/l]", data) == "1")
    }

    // MARK: partials

    @Test func aPartialIsRenderedInPlace() throws {
        #expect(try rendered("<{{>p}}|{{> p }}>", #"{"x":1}"#, partials: ["p": "{{x}}"]) == "<1|1>")
        #expect(try rendered("[{{>missing}}]") == "[]")
    }

    @Test func aPartialSeesWhatItsPlaceSees() throws {
        let data = #"{"x":"out","l":[{"x":1},{"x":2}]}"#
        #expect(
            try rendered("{{#l}}{{>p}}{{/l}}{{>p}}", data, partials: ["p": "{{x}},"]) == "1,2,out,"
        )
    }

    @Test func aPartialCanNameItselfAsLongAsThereIsAnEnd() throws {
        let data = #"{"v":"a","n":[{"v":"b","n":[{"v":"c","n":[]}]}]}"#
        #expect(
            try rendered("{{>t}}", data, partials: ["t": "{{v}}<{{#n}}{{>t}}{{/n}}>"])
                == "a<b<c<>>>"
        )
    }

    @Test func delimitersEndWithTheirTemplate() throws {
        let partials = ["p": "{{=! !=}}!x!", "q": "{{x}}"]
        #expect(
            try rendered("{{>p}}{{x}}{{=| |=}}|>q||x|", #"{"x":1}"#, partials: partials) == "1111"
        )
    }

    @Test func aPartialThatStandsAloneIsIndented() throws {
        let partials = ["p": "a\n{{{x}}}\n\nb\n", "o": "1\n  {{>p}}\n2\n"]
        let data = #"{"x":"<\n->"}"#
        #expect(try rendered(" {{>p}}\nend", data, partials: partials) == " a\n <\n->\n \n b\nend")
        #expect(
            try rendered("\t{{>o}}\n", data, partials: partials)
                == "\t1\n\t  a\n\t  <\n->\n\t  \n\t  b\n\t2\n"
        )
        #expect(try rendered(" {{>p}}", data, partials: ["p": ">\n>"]) == " >\n >")
        #expect(try rendered("a {{>p}}\n", data, partials: ["p": ">\n>"]) == "a >\n>\n")
        #expect(try rendered("a\r\n{{>p}}\r\nb", partials: ["p": "c"]) == "a\r\ncb")
    }

    // MARK: values of our own

    @Test func trackedValuesTellTheirPlace() throws {
        let template = try MustacheTemplate(Array("é{{r}} {{r}}".utf8), name: "main")
        let text = try MustacheRenderer(template, escape: MustacheEscapeName.none.escape)
            .render(.object(MustacheMembers(["r": .tracked("42")])))
        #expect(text.bytes == Array("é42 42".utf8) && text.tracked == [2..<4, 5..<7])
    }

    @Test func aValueThatCannotBeRepresentedCountsAgainstWhereItCameFrom() throws {
        struct Record: MustacheObject {
            let origin: String?
            let note: MustacheValue

            func member(_ name: String) -> MustacheValue? { name == "note" ? note : nil }
        }
        let records = [
            Record(origin: "a", note: .string("fine")), Record(origin: "b", note: .string("x;y")),
            Record(
                origin: "c",
                note: .object(MustacheMembers(["in": .list([.string("{"), .string("}")])]))
            ),
        ]
        let template = try MustacheTemplate(
            Array("{{#l}}\n<{{note}}{{#note.in}}{{.}}{{/note.in}}>\n{{/l}}".utf8),
            name: "main"
        )
        let renderer = MustacheRenderer(template, escape: MustacheEscapeName.nginx.escape)
        let list = MustacheValue.list(records.prefix(2).map { .object($0) })
        let faults = try renderer.render(.object(MustacheMembers(["l": list]))).faults
        #expect(faults.map(\.origin) == ["b"])
        #expect(
            faults.map { "\($0.error)" }
                == [#"main:2:2: note holds ";", which the escape "nginx" cannot represent"#]
        )
        let inner = try MustacheTemplate(
            Array("{{#l}}{{#note.in}}{{.}}{{/note.in}}{{/l}}".utf8),
            name: "main"
        )
        let nested = try MustacheRenderer(inner, escape: MustacheEscapeName.nginx.escape)
            .render(.object(MustacheMembers(["l": .list([.object(records[2])])])))
        #expect(nested.faults.map(\.origin) == ["c"])
    }
}
