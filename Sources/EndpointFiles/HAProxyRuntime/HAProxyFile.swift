import Texts

/// The backends and servers of a file that ``HAProxyEncoder`` wrote, read back from its text.
///
/// HAProxy's process is brought to what stands here, because that is what its next reload loads. Whatever is not
/// spelled as the encoder spells it makes the whole file unreadable: on the socket `;` would begin a command.
///
/// Source: HAProxy, "Configuration Manual", sections 4.2 and 5.2.
struct HAProxyFile: Equatable, Sendable {
    /// A `server` line.
    struct Server: Hashable, Sendable {
        var name: String
        var address: HostAddress
        var port: UInt16
        var weight: Int
        /// The words behind the weight.
        var options: [String]
    }

    /// A `backend` section.
    struct Backend: Equatable, Sendable {
        var name: String
        /// Its lines that are no `server`.
        var settings: [String] = []
        var servers: [Server] = []

        /// The servers by their names, which are unique in a section.
        var byName: [String: Server] {
            Dictionary(servers.map { ($0.name, $0) }) { first, _ in first }
        }
    }

    /// In the order of the file.
    var backends: [Backend] = []

    /// An empty file.
    init() {}

    /// Reads a file; `nil` for one that the encoder did not write.
    init?(_ bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            // No control character, no `;`, nothing but ASCII.
            guard line.allSatisfy({ (0x20...0x7e).contains($0) && $0 != UInt8(ascii: ";") }) else {
                return nil
            }
            let words = line.split(separator: UInt8(ascii: " "))
            guard first == UInt8(ascii: " ") else {
                guard words.count == 2, words[0].elementsEqual("backend".utf8) else { return nil }
                let name = String(decoding: words[1], as: UTF8.self)
                guard HAProxyName.isSpelled(name) else { return nil }
                backends.append(Backend(name: name))
                continue
            }
            guard let last = backends.indices.last, let keyword = words.first else { return nil }
            if keyword.elementsEqual("server".utf8) {
                guard let server = Server(words) else { return nil }
                backends[last].servers.append(server)
            } else {
                let setting = words.map { String(decoding: $0, as: UTF8.self) }
                backends[last].settings.append(setting.joined(separator: " "))
            }
        }
    }

    /// The backend of a name.
    func backend(_ name: String) -> Backend? { backends.first { $0.name == name } }

    /// Says what of the change from one file to another HAProxy takes up by a reload alone; `nil` when that is nothing.
    static func reloadReason(from old: HAProxyFile, to new: HAProxyFile) -> String? {
        guard old.backends.map(\.name) == new.backends.map(\.name) else {
            return "the backends have changed"
        }
        for (before, after) in zip(old.backends, new.backends) where before != after {
            if let reason = reloadReason(from: before, to: after) { return reason }
        }
        return nil
    }

    private static func reloadReason(from old: Backend, to new: Backend) -> String? {
        guard old.settings == new.settings else {
            return "the settings of \(new.name) have changed"
        }
        let before = old.byName
        for server in new.servers {
            let known = before[server.name]
            if let known, known.options != server.options {
                return "the options of \(new.name)/\(server.name) have changed"
            }
            // The runtime API accepts a host name and gives the server no address.
            if server.address.family == .name, known?.address != server.address {
                return "\(new.name)/\(server.name) has a host name"
            }
        }
        return nil
    }
}

extension HAProxyFile.Server {
    /// `server NAME ADDRESS:PORT weight N OPTIONS`.
    fileprivate init?(_ words: [ArraySlice<UInt8>]) {
        guard words.count >= 5, words[3].elementsEqual("weight".utf8) else { return nil }
        let target = words[2]
        guard let (address, port) = HostAddress.split(target.span),
            let weight = Int(String(decoding: words[4], as: UTF8.self)), (0...256).contains(weight)
        else { return nil }
        let name = String(decoding: words[1], as: UTF8.self)
        guard HAProxyName.isSpelled(name) else { return nil }
        self.init(
            name: name,
            address: address,
            port: port,
            weight: weight,
            options: words[5...].map { String(decoding: $0, as: UTF8.self) }
        )
    }
}

extension HAProxyName {
    /// Whether a text is a name of a backend or a server as this type spells them.
    static func isSpelled(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte.isLower || byte.isUpper || byte.isDigit || byte.isJoint
                    || byte == UInt8(ascii: ":")
            }
    }
}
