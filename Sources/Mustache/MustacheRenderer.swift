import Texts

/// Renders a template over values, within limits. Pure: the same values give the same bytes.
public struct MustacheRenderer: Sendable {
    /// The treatment of tags that ask for no escape, `{{{name}}}` and `{{&name}}`.
    public enum UnescapedTags: Hashable, Sendable {
        /// The value as it is, whatever it holds: Mustache's own rule.
        case asIs
        /// The same as for other tags.
        case escaped
    }

    let template: MustacheTemplate
    let partials: [String: MustacheTemplate]
    let escape: any MustacheEscape
    let unescapedTags: UnescapedTags
    let limits: MustacheLimits

    /// A renderer of one template.
    ///
    /// - Parameters:
    ///   - partials: Those that the template and they themselves name; one that is missing is empty.
    ///   - escape: How strings are written.
    public init(
        _ template: MustacheTemplate,
        partials: [String: MustacheTemplate] = [:],
        escape: any MustacheEscape,
        unescapedTags: UnescapedTags = .asIs,
        limits: MustacheLimits = .standard
    ) {
        self.template = template
        self.partials = partials
        self.escape = escape
        self.unescapedTags = unescapedTags
        self.limits = limits
    }

    /// Renders the template.
    ///
    /// A value of an origin that cannot be printed is left out and noted: the text is of use only without such
    /// notes.
    ///
    /// - Throws: ``MustacheError`` when a value without an origin cannot be printed, or a limit is reached.
    public func render(_ value: MustacheValue) throws(MustacheError) -> MustacheText {
        var run = MustacheRun(self, value)
        try run.render(template.nodes, of: template.name, depth: 0)
        try run.checkLength(at: (template.name, MustachePosition(line: 1, column: 1)))
        return run.text
    }
}

/// The result of a rendering.
public struct MustacheText: Equatable, Sendable {
    /// The text.
    public var bytes: [UInt8] = []
    /// The places of each ``MustacheValue/tracked(_:)`` in it, in order.
    public var tracked: [Range<Int>] = []
    /// The first value of each origin that cannot be printed, in the order of the text.
    public var faults: [MustacheFault] = []
}

/// A value that cannot be printed, and what it comes from.
public struct MustacheFault: Hashable, Sendable {
    /// The origin of the value.
    public let origin: String
    /// The place and the reason.
    public let error: MustacheError
}

/// One rendering.
private struct MustacheRun {
    /// A value that names are looked for in, and where it comes from.
    private struct Frame {
        var value: MustacheValue
        var origin: String?

        init(_ value: MustacheValue, origin: String?) {
            self.value = value
            self.origin = origin
            if case .object(let object) = value, let own = object.origin { self.origin = own }
        }
    }

    private let renderer: MustacheRenderer
    private(set) var text = MustacheText()
    /// The innermost is the last.
    private var frames: [Frame]
    private var steps = 0
    /// The surroundings of the next tag.
    private var surroundings = TagSurroundings()
    /// The indentation of each line.
    private var indentation: [UInt8] = []
    /// The origins of ``MustacheText/faults``.
    private var faulty: Set<String> = []

    init(_ renderer: MustacheRenderer, _ value: MustacheValue) {
        self.renderer = renderer
        frames = [Frame(value, origin: nil)]
    }

    mutating func render(
        _ nodes: [MustacheNode],
        of template: String,
        depth: Int
    ) throws(MustacheError) {
        for node in nodes {
            switch node {
            case .text(let bytes):
                text.bytes += bytes
                renderer.escape.follow(bytes, in: &surroundings)
            case .lineStart: text.bytes += indentation
            case .value(let name, let isEscaped, let position):
                let place = (template, position)
                try step(at: place)
                if let found = lookUp(name) { try write(found, name, isEscaped, at: place) }
            case .section(let name, let body, let position):
                let place = (template, position)
                try step(at: place)
                try enter(depth, at: place)
                try repeated(body, over: lookUp(name), at: place, depth: depth)
            case .inverted(let name, let body, let position):
                let place = (template, position)
                try step(at: place)
                try enter(depth, at: place)
                if !(lookUp(name)?.value.isShown ?? false) {
                    try render(body, of: template, depth: depth + 1)
                }
            case .partial(let name, let added, let position):
                let place = (template, position)
                try step(at: place)
                try enter(depth, at: place)
                guard let partial = renderer.partials[name] else { continue }
                let outer = indentation
                indentation += added
                try render(partial.nodes, of: partial.name, depth: depth + 1)
                indentation = outer
            }
        }
    }

    private mutating func repeated(
        _ body: [MustacheNode],
        over found: Frame?,
        at place: (String, MustachePosition),
        depth: Int
    ) throws(MustacheError) {
        guard let found, found.value.isShown else { return }
        guard case .list(let elements) = found.value else {
            frames.append(found)
            try render(body, of: place.0, depth: depth + 1)
            frames.removeLast()
            return
        }
        for element in elements {
            try step(at: place)
            frames.append(Frame(element, origin: found.origin))
            try render(body, of: place.0, depth: depth + 1)
            frames.removeLast()
        }
    }

    // MARK: values

    private func lookUp(_ name: MustacheName) -> Frame? {
        guard case .path(let first, let rest) = name else { return frames.last }
        for frame in frames.reversed() {
            guard case .object(let object) = frame.value, let member = object.member(first) else {
                continue
            }
            var found = Frame(member, origin: frame.origin)
            for part in rest {
                guard case .object(let object) = found.value, let member = object.member(part)
                else { return nil }
                found = Frame(member, origin: found.origin)
            }
            return found
        }
        return nil
    }

    private mutating func write(
        _ found: Frame,
        _ name: MustacheName,
        _ isEscaped: Bool,
        at place: (String, MustachePosition)
    ) throws(MustacheError) {
        switch found.value {
        case .null: return
        case .bool(let value): text.bytes += (value ? "true" : "false").utf8
        case .number(let digits): text.bytes += digits.utf8
        case .tracked(let digits):
            let start = text.bytes.count
            text.bytes += digits.utf8
            text.tracked.append(start..<text.bytes.count)
        case .string(let value):
            guard isEscaped || renderer.unescapedTags == .escaped else {
                text.bytes += value.utf8
                renderer.escape.follow(Array(value.utf8), in: &surroundings)
                return try checkLength(at: place)
            }
            if let obstacle = renderer.escape.obstacle(in: surroundings) {
                return try refuse(
                    .surroundings,
                    "the tag of \(OneLine.escaped(name.text)) \(obstacle), where the escape "
                        + "\"\(renderer.escape.name)\" protects nothing; move it",
                    of: found.origin,
                    at: place
                )
            }
            let start = text.bytes.count
            do throws(UnrepresentableValue) {
                try renderer.escape.append(value, to: &text.bytes)
            } catch {
                text.bytes.removeLast(text.bytes.count - start)
                try refuse(
                    .value,
                    "\(OneLine.escaped(name.text)) \(error.what), which the escape "
                        + "\"\(renderer.escape.name)\" cannot represent",
                    of: found.origin,
                    at: place
                )
            }
        case .list:
            let shown = OneLine.escaped(name.text)
            let remedy =
                "write {{#\(shown)}}…{{/\(shown)}} and what of each element is to be printed"
            return try refuse(
                .notPrintable,
                "\(shown) is a list; \(remedy)",
                of: found.origin,
                at: place
            )
        case .object:
            let shown = OneLine.escaped(name.text)
            let remedy = "name one of its members, {{\(shown).…}}"
            return try refuse(
                .notPrintable,
                "\(shown) is an object; \(remedy)",
                of: found.origin,
                at: place
            )
        }
        surroundings.valueWritten()
        try checkLength(at: place)
    }

    /// Notes that a value cannot be printed, or ends the rendering where it is nobody's: which values there are the
    /// origins decide, so none of them ends it.
    private mutating func refuse(
        _ code: MustacheError.Code,
        _ message: String,
        of origin: String?,
        at place: (String, MustachePosition)
    ) throws(MustacheError) {
        let error = error(code, at: place, message)
        guard let origin else { throw error }
        guard faulty.insert(origin).inserted else { return }
        text.faults.append(MustacheFault(origin: origin, error: error))
    }

    // MARK: limits

    private mutating func step(at place: (String, MustachePosition)) throws(MustacheError) {
        steps += 1
        guard steps <= renderer.limits.steps else {
            throw error(
                .limit,
                at: place,
                "rendering takes more than \(renderer.limits.steps) steps; avoid sections that go through all "
                    + "services or endpoints for each of them"
            )
        }
        try checkLength(at: place)
    }

    func checkLength(at place: (String, MustachePosition)) throws(MustacheError) {
        guard text.bytes.count <= renderer.limits.bytes else { throw tooLong(at: place) }
    }

    private func enter(
        _ depth: Int,
        at place: (String, MustachePosition)
    ) throws(MustacheError) {
        guard depth < renderer.limits.depth else {
            throw error(
                .limit,
                at: place,
                "sections and partials are more than \(renderer.limits.depth) deep; a partial that names itself "
                    + "needs an end"
            )
        }
    }

    private func tooLong(at place: (String, MustachePosition)) -> MustacheError {
        error(
            .limit,
            at: place,
            "the result is longer than \(renderer.limits.bytes) bytes; show fewer endpoints or less of each"
        )
    }

    private func error(
        _ code: MustacheError.Code,
        at place: (String, MustachePosition),
        _ message: String
    ) -> MustacheError {
        MustacheError(code, at: placed(place), message)
    }

    private func placed(_ place: (String, MustachePosition)) -> MustachePlace {
        MustachePlace(template: place.0, line: place.1.line, column: place.1.column)
    }
}

extension MustacheValue {
    /// Whether a section of it is rendered.
    fileprivate var isShown: Bool {
        switch self {
        case .null, .bool(false): false
        case .list(let elements): !elements.isEmpty
        case .bool(true), .number, .tracked, .string, .object: true
        }
    }
}
