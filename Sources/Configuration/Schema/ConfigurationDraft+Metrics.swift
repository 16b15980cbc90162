import LocalServer
import Registry
import Texts

// `[metrics]`: a table of which there is one.
extension ConfigurationDraft {
    mutating func readMetrics(_ table: inout TomlTableReader) {
        table.read("listen", .listenAddress, into: &merged.metrics.listen)
        refuseOutputs(in: &table)
    }
}

extension Expectation where Value == ListenAddress {
    /// A place that only this host can reach.
    static var listenAddress: Expectation {
        judgedText(
            "an address of loopback with a port, or \"unix:\" and a path,",
            "such as \"127.0.0.1:9469\""
        ) { text in
            if text.hasPrefix(unix) { return socket(String(text.dropFirst(unix.count))) }
            guard let (host, port) = HostAddress.split(text) else { return .malformed }
            guard host.family != .name else {
                return .refused(
                    "must be an IP address and a port, such as \"127.0.0.1:\(port)\", is \(Quoted(text))"
                )
            }
            guard host.isLoopback else {
                return .refused(
                    "must be on loopback, as there is no authentication, is \(Quoted(text)); "
                        + "listen at \"127.0.0.1:\(port)\" and put a proxy in front for other hosts"
                )
            }
            return .value(.tcp(host: host.text, port: Int(port)))
        }
    }

    private static func socket(_ path: String) -> Reading {
        if let fault = OutputPath.fault(in: path) { return .refused(fault) }
        guard path.utf8.count <= longestSocket else {
            return .refused(
                "is a path of \(path.utf8.count) bytes, and a socket's has at most \(longestSocket)"
            )
        }
        return .value(.unix(path: path))
    }

    private static var unix: String { "unix:" }
    /// What fits into `sun_path` with its NUL, see unix(7).
    private static var longestSocket: Int { 107 }
}
