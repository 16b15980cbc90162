import Registry

extension ListLimits {
    /// What fits into the memory that the unit gives the daemon (`MemoryMax=512M`), with all that is made of
    /// it: 100,000 endpoints of ordinary size, and as many again.
    static let standard = ListLimits(endpoints: 200_000, bytes: 64 << 20)

    /// What the daemon needs of memory when the store is as large as the limits, about, in bytes; measured,
    /// see docs/BENCHMARKS.md. The program itself, what is made of each endpoint, and of each record as it
    /// is kept and as it stands in a file.
    var neededMemory: UInt64 {
        let each = UInt64(endpoints) * 640 + UInt64(bytes) * 2
        return (64 << 20) + each
    }

    static let endpointCounts = 1...10_000_000
    static let byteCounts = (1 << 10)...(1 << 40)
}
