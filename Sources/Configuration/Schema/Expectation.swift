/// Reads one value, and says what it may be.
struct Expectation<Value> {
    /// Names the type before the limits: `an integer from`.
    let type: String
    /// What a value of that type may be: `1 to 65535`.
    let limits: String
    /// Reads a value.
    let read: (TomlNode.Value) -> Reading

    /// What came of reading.
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
