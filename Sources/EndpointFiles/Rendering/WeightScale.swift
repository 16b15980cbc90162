import Registry

/// How the weights of one service's endpoints are written: their ratios are what counts.
enum WeightScale: Hashable, Sendable {
    /// As they are.
    case unchanged
    /// Divided by a number that divides them all.
    case divided(by: Int)
    /// So that the largest of them becomes `most`.
    case largest(Int, becomes: Int)

    /// Makes the numbers as small as they can be with the same ratios: equal weights become 1.
    static func smallest(_ endpoints: [Endpoint]) -> WeightScale {
        let divisor = endpoints.reduce(0) { greatestCommonDivisor($0, Int($1.instance.weight)) }
        return divisor > 1 ? .divided(by: divisor) : .unchanged
    }

    /// Leaves the weights alone when all of them are at most `most`; otherwise scales them down.
    static func atMost(_ most: Int, _ endpoints: [Endpoint]) -> WeightScale {
        let largest = endpoints.map { Int($0.instance.weight) }.max() ?? 0
        return largest > most ? .largest(largest, becomes: most) : .unchanged
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

    private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
        right == 0 ? left : greatestCommonDivisor(right, left % right)
    }
}
