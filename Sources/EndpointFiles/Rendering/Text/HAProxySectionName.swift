import Texts

/// The name of a section of HAProxy's own configuration: 1 to 64 of `[A-Za-z0-9_.:-]`.
///
/// Source: HAProxy, "Configuration Manual", section 4: proxies and sections are named alike.
public struct HAProxySectionName: Hashable, Sendable, CustomStringConvertible {
    /// The name as it is written.
    public let description: String

    /// Is `nil` for anything else.
    public init?(_ text: String) {
        let isFitting = text.utf8.allSatisfy { byte in
            byte.isLower || byte.isUpper || byte.isDigit || byte.isJoint
                || byte == UInt8(ascii: ":")
        }
        guard isFitting, (1...64).contains(text.utf8.count) else { return nil }
        description = text
    }
}
