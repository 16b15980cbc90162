public struct RecordReader: Sendable {
    public init() {}
    public mutating func read(_ value: [UInt8], key: ServiceKey) throws(RecordFault) -> Record {
        try RecordCodec.decode(value, key: key)
    }
}
