import Registry

extension ListLimits {
    /// What fits into the memory that the unit gives the daemon (`MemoryMax=512M`), with all that is made of
    /// it: 100,000 endpoints of ordinary size, and as many again.
    static let standard = ListLimits(endpoints: 200_000, bytes: 64 << 20)

    static let endpointCounts = 1...10_000_000
    static let byteCounts = (1 << 10)...(1 << 40)
}
