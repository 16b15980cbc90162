import Testing

@testable import Configuration

@Suite struct TomlDocumentTests {
    private func parse(_ text: String) throws(TomlSyntaxError) -> TomlTable {
        try TomlDocument(parsing: Array(text.utf8)).root
    }

    private func position(_ line: Int, _ column: Int) -> SourcePosition {
        SourcePosition(line: line, column: column)
    }

    /// The place of every key and of every value below it, in the order of the tree.
    private func places(_ table: TomlTable) -> [String] {
        table.entries.flatMap { entry -> [String] in
            let key = "\(entry.key) \(entry.keyPosition.line):\(entry.keyPosition.column)"
            return ["\(key) \(place(entry.node))"] + below(entry.node)
        }
    }

    private func below(_ node: TomlNode) -> [String] {
        switch node.value {
        case .table(let table): places(table)
        case .array(let elements): elements.flatMap { [place($0)] + below($0) }
        default: []
        }
    }

    private func place(_ node: TomlNode) -> String {
        "\(node.aKind.split(separator: " ").last ?? "") \(node.position.line):\(node.position.column)"
    }

    @Test func everyKeyAndEveryValueHasItsPlace() throws {
        let text = """
            outputs = []
            [etcd]
              endpoints = ["http://a", 5]
            start.timeout = "ü"
            "quoted k" = {a = 1, b.c = true}
            [[service]]
            name = 'web'
              [[ service ]]
            port = 1.5
            """
        #expect(
            places(try parse(text)) == [
                "outputs 1:1 array 1:11",
                "etcd 2:2 table 2:1",
                "endpoints 3:3 array 3:15", "string 3:16", "integer 3:28",
                "start 4:1 table 4:1", "timeout 4:7 string 4:17",
                "quoted k 5:1 table 5:14",
                "a 5:15 integer 5:19", "b 5:22 table 5:22", "c 5:24 boolean 5:28",
                "service 6:3 array 6:1",
                "table 6:1", "name 7:1 string 7:8",
                "table 8:3", "port 9:1 float 9:8",
            ]
        )
    }

    @Test func keysComeInTheOrderOfTheFile() throws {
        #expect(try parse("z = 1\na = 2\nm = 3").entries.map(\.key) == ["z", "a", "m"])
    }

    /// What Python's tomllib reads of the same text.
    @Test func everyKindOfValueIsRead() throws {
        let text = #"""
            basic = "a\tb\u00e9\"\\ \U0001F600"
            literal = 'a\tb'
            lines = """
            one\
               two
            three"""
            raw = '''
            a\b'''
            nul = "a\u0000b"
            decimal = -1_000
            hex = 0xDEADbeef
            octal = 0o755
            binary = 0b1010
            largest = 9223372036854775807
            smallest = -9223372036854775808
            float = 6.26e-3
            infinite = -inf
            yes = true
            date = 1979-05-27
            time = 07:32:00.5
            instant = 1979-05-27T07:32:00-08:00
            """#
        let values = try parse(text).entries.map(\.node.value)
        #expect(
            values == [
                .string("a\tb\u{e9}\"\\ \u{1F600}"), .string("a\\tb"), .string("onetwo\nthree"),
                .string("a\\b"), .string("a\0b"), .integer(-1000), .integer(0xdead_beef),
                .integer(0o755), .integer(10), .integer(.max), .integer(.min), .float(0.00626),
                .float(-.infinity), .boolean(true), .date, .time, .dateTime,
            ]
        )
    }

    @Test func aByteOrderMarkAndCarriageReturnsChangeNothing() throws {
        let plain = try parse("[a]\nb = 1\n")
        #expect(try parse("\u{feff}[a]\r\nb = 1\r\n") == plain)
        #expect(try parse("") == TomlTable(entries: []))
        #expect(try parse("\u{feff}") == TomlTable(entries: []))
    }

    @Test(arguments: [
        ("a = 1\na = 2", 2, "cannot redefine existing integer 'a'"),
        ("[a]\n[b]\n[a]", 3, "cannot redefine existing table 'a'"),
        ("a = \"x", 1, "encountered end-of-file"),
        ("a = \0", 1, "unexpected control character"),
        (
            "#\0", 1,
            "control characters other than TAB (U+0009) are explicitly prohibited in comments"
        ),
        ("a = 1\u{a0}", 1, "saw '\u{a0}'"),
        ("a = 9223372036854775808", 1, "not representable in 64 bits"),
        ("mode = 0644", 1, "leading zeroes are prohibited"),
        ("a = 1\rb = 2", 1, "expected '\\n' after '\\r'"),
        ("[\n", 1, "expected bare key starting character"),
        ("\u{feef}", 1, "expected"),
    ])
    func whatIsNotTOMLIsSaidWithItsLine(text: String, line: Int, words: String) throws {
        let error = try #require(throws: TomlSyntaxError.self) { try self.parse(text) }
        #expect(error.position.line == line)
        #expect(error.message.contains(words))
    }

    /// Where UTF-8 is broken no position in characters is exact; the line is.
    @Test(arguments: [
        [0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80],
    ])
    func brokenUTF8IsASyntaxError(bytes: [UInt8]) throws {
        for text in [Array("a = 1\nb = \"".utf8) + bytes + Array("\"".utf8), bytes] {
            let error = try #require(throws: TomlSyntaxError.self) {
                try TomlDocument(parsing: text)
            }
            #expect(error.position.line >= 1)
            #expect(!error.message.isEmpty)
        }
    }

    @Test(arguments: [
        "a" + String(repeating: ".a", count: 500_000) + " = 1",
        "[" + String(repeating: "a . ", count: 250_000) + "a]",
        "a = " + String(repeating: "[", count: 500_000),
        "a = " + String(repeating: "{a=", count: 300_000),
        "a = " + String(repeating: "[{a.a=", count: 150_000),
    ])
    func deepNestingIsASyntaxErrorAndNoCrash(text: String) throws {
        let error = try #require(throws: TomlSyntaxError.self) { try self.parse(text) }
        #expect(error.position.line == 1)
    }

    @Test(arguments: [
        (
            "name = “web”",
            "syntax error: “ (U+201C, column 8) is no quotation mark of TOML; write \""
        ),
        ("a = 'x' ’", "syntax error: ’ (U+2019, column 9) is no quotation mark of TOML; write \""),
        (
            "[etcd]\nprefix =\u{a0}\"services/\"",
            "syntax error: there is an invisible character (U+A0) in column 9, such as a no-break space; put a "
                + "plain space in its place, or nothing"
        ),
        (
            "port\u{200b} = 80",
            "syntax error: there is an invisible character (U+200B) in column 5, such as a no-break space; put a "
                + "plain space in its place, or nothing"
        ),
        (
            "mode = 0644",
            "syntax error: a number does not begin with 0; a file mode is written in quotes, \"0644\""
        ),
    ])
    func whatOnlyLooksLikeTOMLIsNamed(text: String, sentence: String) throws {
        let error = try #require(throws: TomlSyntaxError.self) { try self.parse(text) }
        #expect(error.sentence == sentence)
    }

    @Test func whatStandsInAStringOrACommentIsNotBlamed() throws {
        let error = try #require(throws: TomlSyntaxError.self) {
            try self.parse("a = \"“\" = # “")
        }
        #expect(error.remedy == nil)
        #expect(try parse("a = \"“é\u{a0}\" # ”").entries.count == 1)
    }

    @Test func theDeepestThatIsAllowedIsReadAndFreed() throws {
        let key = Array(repeating: "a", count: 32).joined(separator: ".")
        let opened = String(repeating: "\(key) = {", count: 31)
        let text = "[\(key)]\n\(opened)\(key) = 1\(String(repeating: "}", count: 31))"
        var depth = 0
        var table: TomlTable? = try parse(text)
        while case .table(let inner) = table?["a"]?.node.value {
            depth += 1
            table = inner
        }
        #expect(depth == 32 * 33 - 1)
    }

    @Test func dotsThatNestNothingAreNotCounted() throws {
        let dots = String(repeating: ".", count: 100)
        let text = """
            a = "\(dots)" # \(dots)
            b = '''\(dots)'x''\(dots)''''
            c = ["\\"\(dots)", 1.5, '\(dots)']
            "\(dots)" = 1
            """
        #expect(try parse(text).entries.map(\.key) == ["a", "b", "c", dots])
        let allowed = Array(repeating: "a", count: 32).joined(separator: ".")
        #expect(try parse("\(allowed) = 1").entries.count == 1)
        let error = try #require(throws: TomlSyntaxError.self) {
            try self.parse("x = 1\n\(allowed).a = 1")
        }
        #expect(error.message == "a dotted key has more than 32 parts")
        #expect(error.position == position(2, 64))
    }

    @Test func aFileOfAMebibyteIsRead() throws {
        let long = String(repeating: "y", count: (1 << 20) - 6)
        #expect(try parse("x = \"\(long)\"").entries.map(\.node.value) == [.string(long)])
        let many = String(repeating: "[[a]]\n", count: (1 << 20) / 6)
        let tables = try parse(many)["a"]?.node.value
        let count = if case .array(let tables) = tables { tables.count } else { 0 }
        #expect(count == (1 << 20) / 6)
    }

    @Test func everyBeginningAndEveryOneByteChangeOfAFileIsReadOrRefused() throws {
        let text = Array(
            "[e]\na.b = [1, \"x\\u00e9\"]\n[[s]]\nm = {k = '''v'''}\nd = 1979-05-27 # c\n\u{fe0f}"
                .utf8
        )
        var refused = 0
        func attempt(_ bytes: [UInt8]) {
            do throws(TomlSyntaxError) {
                _ = try TomlDocument(parsing: bytes)
            } catch {
                refused += 1
                #expect(error.position.line >= 1 && error.position.column >= 1)
            }
        }
        for count in text.indices { attempt(Array(text.prefix(count))) }
        for index in text.indices {
            for byte in [0x00, 0x0a, 0x22, 0x27, 0x2e, 0x5b, 0x5d, 0x7b, 0x7d, 0x80, 0xef, 0xff] {
                var changed = text
                changed[index] = UInt8(byte)
                attempt(changed)
            }
        }
        #expect(refused > text.count)
    }

    @Test func theSentenceOfASyntaxErrorIsOneLineAndNotLong() throws {
        let key = String(repeating: "k", count: 100_000)
        let error = try #require(throws: TomlSyntaxError.self) {
            try self.parse("\(key) = 1\n\(key) = 2")
        }
        #expect(
            error.sentence.hasPrefix("syntax error while parsing key-value pair: cannot redefine")
        )
        #expect(error.sentence.count < 250)
        let broken = TomlSyntaxError(message: "saw '\n\u{1b}'", position: position(1, 1))
        #expect(broken.sentence == "syntax error: saw '\\n\\u{1b}'")
    }
}
