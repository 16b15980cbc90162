import Registry

/// Scales the weights of one service's endpoints to what a format takes: their ratios are what counts.
enum WeightScale: Hashable, Sendable {
    /// As they are.
    case unchanged
    /// Divided by a number that divides them all.
    case divided(by: Int)
    /// So that the largest of them becomes `most`.
    case largest(Int, becomes: Int)

    /// Makes the numbers as small as they can be with the same ratios: equal weights become 1.
    static func smallest(_ weights: WeightSpread) -> WeightScale {
        weights.divisor > 1 ? .divided(by: weights.divisor) : .unchanged
    }

    /// Leaves the weights alone when all of them are at most `most`; otherwise scales them down.
    static func atMost(_ most: Int, _ weights: WeightSpread) -> WeightScale {
        weights.largest > most ? .largest(weights.largest, becomes: most) : .unchanged
    }

    /// A weight on this scale, rounded; 0 only when it was 0.
    func callAsFunction(_ weight: UInt16) -> Int {
        let weight = Int(weight)
        guard weight > 0 else { return 0 }
        switch self {
        case .unchanged: return weight
        case .divided(let divisor): return weight / divisor
        case .largest(let largest, let most): return max(1, (weight * most + largest / 2) / largest)
        }
    }
}

/// The greatest common divisor and the largest of any number of weights; parts add up to the whole.
struct WeightSpread: Hashable, Sendable {
    /// The greatest common divisor; 0 without weights above 0.
    private(set) var divisor = 0
    private(set) var largest = 0

    mutating func add(_ weight: UInt16) {
        divisor = Self.greatestCommonDivisor(divisor, Int(weight))
        largest = max(largest, Int(weight))
    }

    mutating func add(_ other: WeightSpread) {
        divisor = Self.greatestCommonDivisor(divisor, other.divisor)
        largest = max(largest, other.largest)
    }

    private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
        right == 0 ? left : greatestCommonDivisor(right, left % right)
    }
}
