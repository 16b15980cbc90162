import Registry
import Texts

/// The list as a table for people.
struct EndpointTableText {
    private static let titles = ["SERVICE", "ID", "ADDRESS", "STATE", "WEIGHT", "ZONE", "TAGS"]

    /// One line for each endpoint, columns aligned; a line that says so when there is none.
    static func text(_ table: EndpointTable) -> String {
        let rows = table.names.flatMap { table.endpoints(of: $0) }.map(row)
        guard !rows.isEmpty else { return "no endpoints\n" }
        return Columns.text([titles] + rows)
    }

    /// One endpoint on one line.
    static func line(_ endpoint: Endpoint) -> String {
        let cells = row(endpoint)
        return "\(cells[0])/\(cells[1]) \(cells[2]) \(cells[3]) weight \(cells[4])"
    }

    private static func row(_ endpoint: Endpoint) -> [String] {
        let instance = endpoint.instance
        let cells = [
            instance.key.service.text, instance.key.instance.text,
            instance.address.joined(port: instance.port), endpoint.state.rawValue,
            String(instance.weight), instance.zone ?? "", instance.tags.joined(separator: ","),
        ]
        return cells.map(Terminal.visible)
    }
}

/// Rows as a table for people: columns aligned, nothing at the ends of lines.
enum Columns {
    /// One line for each row; each has as many cells as the first.
    static func text(_ rows: [[String]]) -> String {
        guard let first = rows.first else { return "" }
        let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.count + 2)
                }
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
