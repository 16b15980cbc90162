import EndpointFiles
import Registry
import Synchronization

/// Prints the list once, and then what changes in it.
final class ChangePrinter: Sendable {
    private struct State {
        var table: EndpointTable?
        var renderer: JSONListRenderer
    }

    private let style: OutputStyle
    private let state: Mutex<State>

    init(prefix: RegistryPrefix, style: OutputStyle) {
        self.style = style
        state = Mutex(State(renderer: JSONListRenderer(prefix: prefix, services: nil)))
    }

    /// Prints what `update` changes. Lists that are the same as the last print nothing.
    func print(_ update: TableUpdate) {
        let text = state.withLock { state in
            defer { state.table = update.table }
            if let before = state.table, before == update.table { return "" }
            switch style {
            case .json: return String(decoding: state.renderer.render(update).bytes, as: UTF8.self)
            case .text:
                guard let before = state.table else { return EndpointTableText.text(update.table) }
                return Self.changes(from: before, to: update.table)
            }
        }
        Terminal.print(text)
    }

    /// One line for each endpoint that came, left or changed.
    static func changes(from before: EndpointTable, to after: EndpointTable) -> String {
        var lines = ""
        for service in after.difference(from: before).sorted() {
            let old = before.endpoints(of: service)
            let new = after.endpoints(of: service)
            for endpoint in old where after[endpoint.instance.key] == nil {
                lines += "- \(EndpointTableText.line(endpoint))\n"
            }
            for endpoint in new where before[endpoint.instance.key] != endpoint {
                let mark = before[endpoint.instance.key] == nil ? "+" : "~"
                lines += "\(mark) \(EndpointTableText.line(endpoint))\n"
            }
        }
        return lines
    }
}
