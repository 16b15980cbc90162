import Texts

/// A command of HAProxy's runtime API that changes a server.
///
/// Its names come from a ``HAProxyFile``, which takes only those that ``HAProxyName`` spells; so none can hold `;`, a
/// space or a line's end.
///
/// Source: HAProxy, "Management Guide", section 9.3; 2.6 tried.
enum RuntimeCommand: Hashable, Sendable {
    /// A server of a backend.
    struct Target: Hashable, Sendable, CustomStringConvertible {
        var backend: String
        var server: String
        var description: String { "\(backend)/\(server)" }
    }

    /// Add a server; it begins in maintenance, and without its check.
    case add(Target, HAProxyFile.Server)
    /// Let its check run.
    case enableCheck(Target)
    /// Let its agent check run.
    case enableAgent(Target)
    /// Set the weight.
    case weigh(Target, Int)
    /// Give it another address.
    case readdress(Target, HostAddress, UInt16)
    /// Let it have new sessions.
    case ready(Target)
    /// Give it no new sessions.
    case drain(Target)
    /// Put it into maintenance.
    case maintain(Target)
    /// Delete it: it has to be in maintenance and without connections.
    case delete(Target)

    /// The line that is sent.
    var text: String {
        switch self {
        case .add(let target, let server):
            ([
                "add server \(target) \(server.address.joined(port: server.port)) weight \(server.weight)"
            ]
                + server.options).joined(separator: " ")
        case .enableCheck(let target): "enable health \(target)"
        case .enableAgent(let target): "enable agent \(target)"
        case .weigh(let target, let weight): "set server \(target) weight \(weight)"
        case .readdress(let target, let address, let port):
            "set server \(target) addr \(address) port \(port)"
        case .ready(let target): "set server \(target) state ready"
        case .drain(let target): "set server \(target) state drain"
        case .maintain(let target): "set server \(target) state maint"
        case .delete(let target): "del server \(target)"
        }
    }
}
