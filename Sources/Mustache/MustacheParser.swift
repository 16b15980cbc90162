import Texts

/// Parses one template: scans it into tags and text, finds the lines that are no part of the result, and nests
/// the sections.
struct MustacheParser {
    /// A tag, or text up to a tag or to the end of a line.
    private enum Token {
        case text(Range<Int>)
        case tag(Tag, at: MustachePosition, offset: Int)
    }

    private enum Tag {
        case value(MustacheName, isEscaped: Bool)
        case open(MustacheName, isInverted: Bool)
        case close(MustacheName)
        case partial(String)
        /// A comment, or a change of the delimiters.
        case silent

        /// Whether a line that holds nothing else is no part of the result.
        var standsAlone: Bool {
            if case .value = self { false } else { true }
        }
    }

    /// A section whose end has not come.
    private struct Section {
        var name: MustacheName
        var isInverted: Bool
        var start: MustachePosition
        var nodes: [MustacheNode] = []

        var tag: String { (isInverted ? "{{^" : "{{#") + "\(OneLine.escaped(name.text))}}" }
        var end: String { "{{/\(OneLine.escaped(name.text))}}" }
    }

    private let bytes: [UInt8]
    private let name: String
    private var open = Array("{{".utf8)
    private var close = Array("}}".utf8)
    /// The byte up to which lines and columns are counted.
    private var counted = (offset: 0, position: MustachePosition(line: 1, column: 1))
    private(set) var partials: [(name: String, place: MustachePlace)] = []
    private(set) var unescapedTags: [MustachePlace] = []

    /// - Throws: ``MustacheError`` for what is not UTF-8.
    init(_ bytes: [UInt8], name: String) throws(MustacheError) {
        self.bytes = bytes
        self.name = name
        guard String(validating: bytes.span) != nil else {
            let start = MustachePosition(line: 1, column: 1)
            throw error(at: start, "the template is not UTF-8; save it in that encoding")
        }
    }

    mutating func parse() throws(MustacheError) -> [MustacheNode] {
        try nest(try scan())
    }

    // MARK: tags and text

    private mutating func scan() throws(MustacheError) -> [Token] {
        var tokens: [Token] = []
        var start = 0
        var place = 0
        while place < bytes.count {
            if bytes[place...].starts(with: open) {
                if start < place { tokens.append(.text(start..<place)) }
                let position = position(of: place)
                let (tag, end) = try readTag(from: place, at: position)
                tokens.append(.tag(tag, at: position, offset: place))
                place = end
                start = end
            } else {
                place += 1
                if bytes[place - 1] == Self.newline {
                    tokens.append(.text(start..<place))
                    start = place
                }
            }
        }
        if start < bytes.count { tokens.append(.text(start..<bytes.count)) }
        return tokens
    }

    /// - Returns: The tag, and where the text after it begins.
    private mutating func readTag(
        from offset: Int,
        at start: MustachePosition
    ) throws(MustacheError) -> (Tag, end: Int) {
        var place = offset + open.count
        while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 }
        let sigil = place < bytes.count ? bytes[place] : 0
        let kind = Unicode.Scalar(sigil)
        var ending = close
        switch kind {
        case "{": ending.insert(UInt8(ascii: "}"), at: 0)
        case "=": ending.insert(sigil, at: 0)
        case "#", "^", "/", ">", "&", "!": break
        default: place -= 1
        }
        place += 1
        guard let end = bytes.firstIndex(of: ending, from: place) else {
            throw error(
                at: start,
                "the tag has no end; close it with \(Quoted(String(decoding: ending, as: UTF8.self)))"
            )
        }
        let content = bytes[place..<end].trimmed(while: Self.isBlank)
        let after = end + ending.count
        switch kind {
        case "!": return (.silent, after)
        case "=":
            try setDelimiters(content, at: start)
            return (.silent, after)
        case ">":
            let partial = try word(content, at: start)
            if !partials.contains(where: { $0.name == partial }) {
                partials.append((partial, placed(start)))
            }
            return (.partial(partial), after)
        default: break
        }
        let name = try readName(content, at: start)
        switch kind {
        case "#": return (.open(name, isInverted: false), after)
        case "^": return (.open(name, isInverted: true), after)
        case "/": return (.close(name), after)
        case "{", "&":
            unescapedTags.append(placed(start))
            return (.value(name, isEscaped: false), after)
        default: return (.value(name, isEscaped: true), after)
        }
    }

    private mutating func setDelimiters(
        _ content: ArraySlice<UInt8>,
        at start: MustachePosition
    ) throws(MustacheError) {
        let words = content.split(whereSeparator: Self.isBlank)
        guard words.count == 2, !content.contains(UInt8(ascii: "=")) else {
            throw error(
                at: start,
                "the delimiters must be two words without \"=\", such as {{=<% %>=}}"
            )
        }
        open = Array(words[0])
        close = Array(words[1])
    }

    private func word(_ content: ArraySlice<UInt8>, at start: MustachePosition)
        throws(MustacheError) -> String
    {
        let text = String(decoding: content, as: UTF8.self)
        guard !content.isEmpty else {
            throw error(at: start, "the tag names nothing; write a name, or remove it")
        }
        guard !content.contains(where: Self.isBlank) else {
            throw error(at: start, "the tag holds \(Quoted(text)); a name is one word")
        }
        return text
    }

    private func readName(
        _ content: ArraySlice<UInt8>,
        at start: MustachePosition
    ) throws(MustacheError) -> MustacheName {
        let text = try word(content, at: start)
        if text == "." { return .current }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, !parts.contains("") else {
            throw error(
                at: start,
                "the name \(Quoted(text)) has nothing beside a dot; write a.b, or . for the value itself"
            )
        }
        return .path(first: first, rest: Array(parts.dropFirst()))
    }

    // MARK: lines and sections

    private mutating func nest(_ tokens: [Token]) throws(MustacheError) -> [MustacheNode] {
        var sections: [Section] = []
        var top: [MustacheNode] = []
        func add(_ node: MustacheNode) {
            if sections.isEmpty {
                top.append(node)
            } else {
                sections[sections.count - 1].nodes.append(node)
            }
        }
        for line in lines(of: tokens) {
            let lone = loneTag(in: tokens[line])
            if lone == nil { add(.lineStart) }
            for token in tokens[line] {
                switch token {
                case .text(let range):
                    if lone == nil { add(.text(Array(bytes[range]))) }
                case .tag(.value(let name, let isEscaped), let start, _):
                    add(.value(name, isEscaped: isEscaped, start))
                case .tag(.partial(let name), let start, _):
                    let indentation = lone.map { Array(bytes[$0]) } ?? []
                    add(.partial(name, indentation: indentation, start))
                case .tag(.silent, _, _): break
                case .tag(.open(let name, let isInverted), let start, _):
                    sections.append(Section(name: name, isInverted: isInverted, start: start))
                    guard sections.count <= MustacheTemplate.deepest else {
                        throw error(
                            at: start,
                            "more than \(MustacheTemplate.deepest) sections are nested here; put some into a "
                                + "partial"
                        )
                    }
                case .tag(.close(let name), let start, _):
                    let section = try closed(sections.popLast(), by: name, at: start)
                    add(
                        section.isInverted
                            ? .inverted(section.name, section.nodes, section.start)
                            : .section(section.name, section.nodes, section.start)
                    )
                }
            }
        }
        if let section = sections.last {
            throw error(at: section.start, "\(section.tag) has no end; add \(section.end)")
        }
        return top
    }

    private func closed(
        _ section: Section?,
        by name: MustacheName,
        at start: MustachePosition
    ) throws(MustacheError) -> Section {
        let text = OneLine.escaped(name.text)
        guard let section else {
            throw error(
                at: start,
                "{{/\(text)}} ends a section that has not begun; remove it, or begin it with {{#\(text)}}"
            )
        }
        guard section.name == name else {
            throw error(
                at: start,
                "{{/\(text)}} stands where \(section.tag) of line \(section.start.line) has to end; write \(section.end)"
            )
        }
        return section
    }

    /// The tokens of each line.
    private func lines(of tokens: [Token]) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        for (index, token) in tokens.enumerated() {
            guard case .text(let range) = token, bytes[range].last == Self.newline else { continue }
            lines.append(start..<(index + 1))
            start = index + 1
        }
        if start < tokens.count { lines.append(start..<tokens.count) }
        return lines
    }

    /// Looks whether a line holds nothing but one tag that may stand alone.
    ///
    /// - Returns: The white space before that tag; `nil` when the line is part of the result.
    private func loneTag(in line: ArraySlice<Token>) -> Range<Int>? {
        var before: Range<Int>?
        for (index, token) in zip(line.indices, line) {
            switch token {
            case .text(let range):
                guard bytes[range].allSatisfy(Self.isBlank) else { return nil }
            case .tag(let tag, _, let start):
                guard tag.standsAlone, before == nil else { return nil }
                if case .text(let range) = line.first, index > line.startIndex {
                    before = range
                } else {
                    before = start..<start
                }
            }
        }
        return before
    }

    // MARK: places

    private func error(at position: MustachePosition, _ message: String) -> MustacheError {
        MustacheError(.syntax, at: placed(position), message)
    }

    private func placed(_ position: MustachePosition) -> MustachePlace {
        MustachePlace(template: name, line: position.line, column: position.column)
    }

    /// - Parameter offset: None before the one of the last call.
    private mutating func position(of offset: Int) -> MustachePosition {
        var (line, column) = (counted.position.line, counted.position.column)
        for byte in bytes[counted.offset..<offset] {
            if byte == Self.newline {
                (line, column) = (line + 1, 1)
            } else if byte & 0xc0 != 0x80 {
                // What continues a scalar begins with the bits 10.
                column += 1
            }
        }
        counted = (offset, MustachePosition(line: line, column: column))
        return counted.position
    }

    private static let newline = UInt8(ascii: "\n")

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }
}

extension [UInt8] {
    /// Finds where these bytes come next.
    fileprivate func firstIndex(of word: [UInt8], from start: Int) -> Int? {
        guard let first = word.first else { return nil }
        var place = start
        while place + word.count <= count {
            if self[place] == first, self[place...].starts(with: word) { return place }
            place += 1
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    /// Without such bytes at either end.
    fileprivate func trimmed(while isBlank: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}
