/// Chance that can be repeated: SplitMix64, one `UInt64` of state.
///
/// Machines take one by value, so that the same seed and the same events give the same actions.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator whose whole sequence follows from `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A generator for a part of the machine, independent of this one from here on.
    public mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }
}
