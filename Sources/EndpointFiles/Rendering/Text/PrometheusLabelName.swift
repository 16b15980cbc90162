import Texts

/// The last part of a label's name: `[A-Za-z0-9_]`, any other character becomes `_`.
///
/// That is what Prometheus's own discoveries do, and what its users look for.
struct PrometheusLabelName: Hashable, Comparable {
    let text: String

    init(_ text: String) {
        var name = ""
        for scalar in text.unicodeScalars {
            let isPlain =
                UInt8(exactly: scalar.value).map {
                    $0.isLower || $0.isUpper || $0.isDigit || $0 == UInt8(ascii: "_")
                } ?? false
            name.unicodeScalars.append(isPlain ? scalar : "_")
        }
        self.text = name
    }

    /// The labels of a meta table, in byte order. Names that come out the same are left out, all of
    /// them: none can be told to be the one that is meant.
    static func unique(_ meta: [String: String]) -> [(PrometheusLabelName, String)] {
        Dictionary(grouping: meta) { PrometheusLabelName($0.key) }
            .compactMap { name, entries in
                entries.count == 1 ? entries.first.map { (name, $0.value) } : nil
            }
            .sorted { $0.0 < $1.0 }
    }

    static func < (left: PrometheusLabelName, right: PrometheusLabelName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
