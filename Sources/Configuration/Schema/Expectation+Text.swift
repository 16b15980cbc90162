import Etcd
import Registry
import Texts

extension Expectation {
    /// A string that `read` understands, or of which it is `nil`.
    static func text(_ limits: String, read: @escaping (String) -> Value?) -> Expectation {
        judgedText("a string of", limits) { read($0).map(Reading.value) ?? .beyondLimits }
    }

    /// A string on which `judge` passes judgement.
    static func judgedText(
        _ type: String,
        _ limits: String,
        judge: @escaping (String) -> Reading
    ) -> Expectation {
        Expectation(type: type, limits: limits) { value in
            guard case .string(let text) = value else { return .wrongType }
            return judge(text)
        }
    }
}

extension Expectation where Value == String {
    /// A tag, a zone or the name of a meta entry.
    static var word: Expectation {
        judgedText("a string of", "1 to \(RecordLimits.wordBytes) bytes") { text in
            RecordLimits.fault(inWord: text).map(Reading.refused) ?? .value(text)
        }
    }

    /// The value of a meta entry.
    static var freeText: Expectation {
        let limit = RecordLimits.metaValueBytes
        return judgedText("a string of", "at most \(limit) bytes") { text in
            RecordLimits.fault(inText: text, limit: limit).map(Reading.refused) ?? .value(text)
        }
    }

    /// The path of an output.
    static var outputPath: Expectation {
        judgedText("an absolute path", "such as \"\(Configuration.Output.standard.path)\"") {
            path in
            OutputPath.fault(in: path).map(Reading.refused) ?? .value(path)
        }
    }
}

extension Expectation where Value == RegistryPrefix {
    /// The part of etcd's keys that the services are in.
    static var prefix: Expectation {
        let limits = "1 to 512 printable characters of ASCII, such as \"services/\""
        return judgedText("a string of", limits) { text in
            if !text.isEmpty, text.allSatisfy({ $0 == "/" }) {
                return .refused(
                    "must be more than \(Quoted(text)): the services have a part of etcd's keys of their own, "
                        + "such as \"services/\""
                )
            }
            return RegistryPrefix(text).map(Reading.value) ?? .beyondLimits
        }
    }
}

/// The address of a service. One that 0.1.0 took, and that nobody can connect to, costs the service and not
/// the start.
enum ServiceAddress {
    case usable(HostAddress)
    /// With the end of the sentence that says why.
    case unusable(String, String)
}

extension Expectation where Value == ServiceAddress {
    /// An address at which others reach this host.
    static var serviceAddress: Expectation {
        judgedText(
            "an IP address or a host name",
            "such as \"10.0.0.5\", without a port"
        ) { text in
            guard let address = HostAddress(text) else {
                guard HostAddress.isTakenForNumber(text) else { return .malformed }
                return .value(.unusable(text, "is a number to those who look names up, not a name"))
            }
            // A server listens there, but nobody can connect to it from elsewhere.
            guard address.text != "0.0.0.0", address.text != "::" else {
                return .refused(
                    "must be an address that others can connect to, is \"\(address)\"; "
                        + "leave it out for the primary address of this host"
                )
            }
            if let why = address.unusable {
                return .value(.unusable(address.text, why.description))
            }
            return .value(.usable(address))
        }
    }
}

/// A member of the cluster, as it is written.
struct WrittenEndpoint {
    let endpoint: EtcdEndpoint
    /// What is said where it can be read in two ways.
    var doubt: String?
}

extension Expectation where Value == WrittenEndpoint {
    /// A member of the cluster. What is refused is not repeated: it may hold a password.
    static var endpoint: Expectation {
        judgedText("a string", "such as \"\(EtcdEndpoint.local)\"") { text in
            do throws(EtcdError) {
                return .value(WrittenEndpoint(endpoint: try EtcdEndpoint(text)))
            } catch {
                guard let whole = EtcdEndpoint(takenForOneAddress: text) else {
                    return .refused(error.message)
                }
                return .value(WrittenEndpoint(endpoint: whole, doubt: error.message))
            }
        }
    }
}

extension Expectation where Value == FilePlace {
    /// A file that is read while running.
    static var filePlace: Expectation {
        judgedText(
            "an absolute path or \"credential:NAME\",",
            "such as \"/etc/discoveryd/ca.pem\""
        ) { text in
            FilePlace(text).map(Reading.value) ?? .malformed
        }
    }

    /// The file of a password. What is refused is not repeated: it may be the password itself.
    static var passwordPlace: Expectation {
        judgedText(
            "an absolute path or \"credential:NAME\",",
            "such as \"/etc/discoveryd/password\""
        ) { text in
            FilePlace(text).map(Reading.value)
                ?? .refused(
                    "must be an absolute path or \"credential:NAME\"; it names the file that holds the "
                        + "password"
                )
        }
    }
}

extension Expectation where Value == String {
    /// The name in a server's certificate.
    static var serverName: Expectation {
        judgedText("a host name", "such as \"etcd.example.com\"") { text in
            guard let host = HostAddress(text), host.family == .name else { return .malformed }
            return .value(host.text)
        }
    }
}

extension Expectation where Value: CaseIterable & RawRepresentable<String> {
    /// One of a few words.
    static var choice: Expectation {
        let all = Value.allCases.map { "\"\($0.rawValue)\"" }
        let words = [all.dropLast().joined(separator: ", "), all.last ?? ""]
            .filter { !$0.isEmpty }.joined(separator: " or ")
        return judgedText("the string", words) { text in
            Value(rawValue: text).map(Reading.value) ?? .beyondLimits
        }
    }
}
