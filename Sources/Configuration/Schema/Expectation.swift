import Etcd
import Registry
import Texts

/// Reads one value, and says what it may be.
struct Expectation<Value> {
    /// Names the type before the limits: `an integer from`.
    let type: String
    /// The values that are allowed, in words: `1 to 65535`.
    let limits: String
    /// Reads a value.
    let read: (TomlNode.Value) -> Reading

    /// The result of reading.
    enum Reading {
        /// It is allowed, and this is it.
        case value(Value)
        /// Another type of TOML.
        case wrongType
        /// The right type of TOML, but it does not say such a value.
        case malformed
        /// Such a value, but beyond the limits.
        case beyondLimits
        /// Refused with the end of a sentence that starts with the key. It does not repeat the value
        /// where that could be a secret.
        case refused(String)
    }
}

extension Expectation {
    /// Reads a value.
    ///
    /// - Throws: The end of the sentence that says what was found and what is allowed.
    func value(of node: TomlNode) throws(RefusedValue) -> Value {
        switch read(node.value) {
        case .value(let value): return value
        case .wrongType: throw RefusedValue("must be \(type) \(limits), is \(node.found)")
        case .malformed: throw RefusedValue("must be \(type) \(limits), is \(node.written)")
        case .beyondLimits: throw RefusedValue("must be \(limits), is \(node.written)")
        case .refused(let sentence): throw RefusedValue(sentence)
        }
    }
}

/// The end of a sentence that starts with a key.
struct RefusedValue: Error {
    let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}

extension Expectation where Value == UInt16 {
    /// A whole number.
    static func integer(in range: ClosedRange<UInt16>) -> Expectation {
        Expectation(
            type: "an integer from",
            limits: "\(range.lowerBound) to \(range.upperBound)"
        ) { value in
            guard case .integer(let number) = value else { return .wrongType }
            guard let number = UInt16(exactly: number), range.contains(number) else {
                return .beyondLimits
            }
            return .value(number)
        }
    }
}

extension Expectation where Value == Duration {
    /// A span of time such as `10s`.
    static func duration(in range: ClosedRange<Duration>, example: Duration) -> Expectation {
        span("a duration from", in: range, example: example) { _ in true }
    }

    /// A span of time without a fraction of a second.
    static func wholeSeconds(in range: ClosedRange<Duration>, example: Duration) -> Expectation {
        span("a duration of whole seconds from", in: range, example: example) { duration in
            duration.components.attoseconds == 0
        }
    }

    private static func span(
        _ type: String,
        in range: ClosedRange<Duration>,
        example: Duration,
        where isFitting: @escaping (Duration) -> Bool
    ) -> Expectation {
        let bounds = "\(DurationText(range.lowerBound)) to \(DurationText(range.upperBound))"
        return judgedText(type, "\(bounds), such as \"\(DurationText(example))\"") { text in
            guard let duration = DurationText(text)?.duration else { return .malformed }
            guard range.contains(duration) else { return .beyondLimits }
            return isFitting(duration) ? .value(duration) : .malformed
        }
    }
}

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
    /// The warning where it can be read in two ways.
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
        // Arrays: a slice's own `joined` has its type looked up at run time, once for each start.
        let words = [Array(all.dropLast()).joined(separator: ", "), all.last ?? ""]
            .filter { !$0.isEmpty }.joined(separator: " or ")
        return judgedText("the string", words) { text in
            Value(rawValue: text).map(Reading.value) ?? .beyondLimits
        }
    }
}
