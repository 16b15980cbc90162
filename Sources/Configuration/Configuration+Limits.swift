import Registry

extension ListLimits {
    /// The default: 200,000 endpoints, or 64 MB of records. Fits into `MemoryMax=512M` of the unit.
    static let standard = ListLimits(endpoints: 200_000, bytes: 64 << 20)

    /// The memory that the daemon needs at most when the store is as large as the limits, in bytes, estimated on
    /// the safe side: the program, an endpoint, and each record as it is kept and as it stands in a file. See
    /// docs/BENCHMARKS.md for measurements.
    package var neededMemory: UInt64 {
        let each = UInt64(endpoints) * 640 + UInt64(bytes) * 2
        return (64 << 20) + each
    }

    static let endpointCounts = 1...10_000_000
    static let byteCounts = (1 << 10)...(1 << 40)
}
