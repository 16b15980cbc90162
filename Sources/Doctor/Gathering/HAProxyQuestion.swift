import EndpointFiles

/// Asks a running HAProxy which level its socket has. Blocks. See HAProxy's "Management Guide", section 9.3.
enum HAProxyQuestion {
    /// Whether it takes changes at a socket.
    static func takesChanges(at path: String) -> Asked {
        do throws(RuntimeFault) {
            let level = try RuntimeSocket(path: path).ask("show cli level")
            let word = level.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
            switch word {
            case "admin": return .yes
            case "operator", "user":
                return .no(
                    "HAProxy takes no changes at \(path): its level there is \(word), not admin"
                )
            default: return .unknown("it answers something else to 'show cli level'")
            }
        } catch {
            switch error.code {
            case .notPermitted: return .unknown("only root and the group of the socket may ask")
            default: return .unknown(error.message)
            }
        }
    }
}
