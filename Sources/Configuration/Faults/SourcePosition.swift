import Texts

/// A place in a text: line and column, both from 1. A column is one Unicode scalar.
struct SourcePosition: Hashable, Comparable, Sendable {
    let line: Int
    let column: Int

    /// By line, then by column.
    static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A place in a file, written `file:line:column` as compilers and editors do.
package struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    let position: SourcePosition

    package var description: String {
        "\(OneLine.escaped(file)):\(position.line):\(position.column)"
    }
}

/// A value and where it is written.
struct Located<Value> {
    let value: Value
    let place: SourcePlace
}

extension Located: Sendable where Value: Sendable {}
extension Located: Equatable where Value: Equatable {}
