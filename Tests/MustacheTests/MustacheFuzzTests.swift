import Foundation
import Mustache
import TestKit
import Testing

/// Templates are written by people, and data by anybody.
@Suite struct MustacheFuzzTests {
    @Test func whateverStandsInATemplateItIsRenderedOrRefusedWithAPlace() throws {
        let corpus = [
            "{{#l}}\n  {{>p}}\n{{n}} {{{x}}} {{&x}}\n{{/l}}{{^l}}none{{/l}}",
            "{{=<% %>=}}<%#a%><%x%><%/a%><%={{ }}=%>{{! c }}{{a.b.c}}{{.}}",
        ]
        let data = try JSONReader.read(
            Array(#"{"l":[{"n":1},{"n":"{{x}}"}],"x":"<&>","a":{"b":{"c":true}}}"#.utf8),
            name: "data"
        )
        let limits = MustacheLimits(steps: 5000, depth: 32, bytes: 100_000)
        let complaint = Fuzzing.complaint(corpus: corpus) { bytes in
            let lines = bytes.count { $0 == 0x0a } + 1
            do throws(MustacheError) {
                let template = try MustacheTemplate(bytes, name: "main")
                let renderer = MustacheRenderer(
                    template,
                    partials: ["p": template],
                    escape: MustacheEscapeName.html.escape,
                    limits: limits
                )
                let text = try renderer.render(data)
                return text.bytes.count <= limits.bytes ? .right : .wrong("too long")
            } catch {
                guard (1...lines).contains(error.place.line), error.place.column > 0 else {
                    return .wrong("an error in line \(error.place.line) of \(lines)")
                }
                return error.description.contains("\n") ? .wrong("an error on two lines") : .refused
            }
        }
        #expect(complaint == nil)
    }

    @Test func whatIsReadAsJSONFoundationReadsToo() {
        let corpus = [
            #"{"a":[1,-2.5e+3,true,false,null],"b":{"c":"\u00e9\ud83d\ude00\n"}}"#, "[]", "\"x\"",
            "0",
        ]
        let complaint = Fuzzing.complaint(corpus: corpus) { bytes in
            do throws(MustacheError) {
                _ = try JSONReader.read(bytes, name: "data")
            } catch {
                return .refused
            }
            let foundation = try? JSONSerialization.jsonObject(
                with: Data(bytes),
                options: .fragmentsAllowed
            )
            // Numbers that no Double holds, and half a surrogate pair, are for us to take.
            let isOurs = bytes.contains {
                $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") || $0 == UInt8(ascii: "\\")
            }
            return foundation != nil || isOurs ? .right : .wrong("Foundation refuses it")
        }
        #expect(complaint == nil)
    }

    @Test func whatAnEscapeWritesIsUTF8AndHoldsNoControlCharacter() {
        let corpus = HostileTexts.all
        for name in MustacheEscapeName.allCases where name != .html {
            let complaint = Fuzzing.complaint(inputs: Fuzzing.inputs(usually: 3000), corpus: corpus)
            { bytes in
                var written: [UInt8] = []
                do throws(UnrepresentableValue) {
                    try name.escape.append(String(decoding: bytes, as: UTF8.self), to: &written)
                } catch {
                    return .refused
                }
                guard let text = String(validating: written, as: UTF8.self) else {
                    return .wrong("not UTF-8")
                }
                let control = text.unicodeScalars.first { $0.value < 0x20 || $0.value == 0x7f }
                return .init(control.map { "\(name) writes \($0.value)" })
            }
            #expect(complaint == nil)
        }
    }
}

/// Texts that mean something to somebody.
enum HostileTexts {
    static let all = [
        "plain", "a\nb", ";", "{", "}", "#", "\"", "'", "\\", "$(id)", "`id`", "{{x}}", "\u{0}",
        "é", "\u{1f600}",
        "\u{85}", "\u{2028}", "\u{feff}", "%h", "${HOME}", " a ", "",
    ]
}
