internal import Logging

extension Logger.MetadataValue {
    /// The value as text. Unlike `description` it is the same each time, because the keys of a
    /// dictionary are sorted, and it does not put quotes around text inside an array.
    var rendered: String {
        switch self {
        case .string(let text):
            text
        case .stringConvertible(let value):
            value.description
        case .array(let values):
            "[" + values.map(\.rendered).joined(separator: ", ") + "]"
        case .dictionary(let values):
            "{"
                + values.sorted { $0.key < $1.key }
                .map { "\($0.key): \($0.value.rendered)" }
                .joined(separator: ", ") + "}"
        }
    }
}
