/// A companion record: one for readers of other formats that goes with a key of ours, under the same lease: put,
/// changed and deleted with it, in the same transaction.
public struct CompanionRecord: Hashable, Sendable {
    /// The whole key, outside of the registry's prefix.
    public let key: String
    /// What is to stand there; `nil` when nothing of ours is.
    public let value: [UInt8]?

    /// Describes a record.
    public init(key: String, value: [UInt8]?) {
        self.key = key
        self.value = value
    }

    /// The same place without our record.
    var absent: CompanionRecord { CompanionRecord(key: key, value: nil) }
}
