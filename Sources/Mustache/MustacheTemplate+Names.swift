/// A name in a tag of a template: what is looked up when the tag is rendered.
public struct MustacheUse: Hashable, Sendable {
    /// The parts of the name between its dots, one at least. `.`, which always finds something, is no name.
    public let name: [String]
    /// The names of the sections around the tag, from the outside in.
    public let sections: [[String]]
    /// The place of the tag.
    public let place: MustachePlace
}

extension MustacheTemplate {
    /// The names in its own tags, in the order of the template; those of its partials stand in theirs.
    public var uses: [MustacheUse] {
        var uses: [MustacheUse] = []
        collect(from: nodes, inside: [], into: &uses)
        return uses
    }

    private func collect(
        from nodes: [MustacheNode],
        inside sections: [[String]],
        into uses: inout [MustacheUse]
    ) {
        func add(_ name: MustacheName, at position: MustachePosition) {
            guard case .path(let first, let rest) = name else { return }
            uses.append(
                MustacheUse(
                    name: [first] + rest,
                    sections: sections,
                    place: MustachePlace(
                        template: self.name,
                        line: position.line,
                        column: position.column
                    )
                )
            )
        }
        for node in nodes {
            switch node {
            case .text, .lineStart, .partial: break
            case .value(let name, _, let position): add(name, at: position)
            case .section(let name, let body, let position):
                add(name, at: position)
                guard case .path(let first, let rest) = name else {
                    collect(from: body, inside: sections, into: &uses)
                    continue
                }
                collect(from: body, inside: sections + [[first] + rest], into: &uses)
            case .inverted(let name, let body, let position):
                add(name, at: position)
                // What is not there is nothing to look into.
                collect(from: body, inside: sections, into: &uses)
            }
        }
    }
}
