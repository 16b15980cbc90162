/// Finds the allowed name that somebody may have meant.
enum NearestName {
    /// The allowed name that is the fewest slips of the hand away, or `nil` when none is near: more
    /// than one slip for every three characters is another word.
    static func to(_ name: String, among allowed: [String]) -> String? {
        let typed = Array(name.lowercased().unicodeScalars)
        guard typed.count <= longest else { return nil }
        var nearest: (name: String, slips: Int)?
        for candidate in allowed {
            let slips = distance(typed, Array(candidate.lowercased().unicodeScalars))
            if slips <= max(1, typed.count / 3), slips < nearest?.slips ?? .max {
                nearest = (candidate, slips)
            }
        }
        return nearest?.name
    }

    /// No allowed name is longer; a hostile one would only cost time.
    private static let longest = 64

    /// How many characters were left out, put in, mistaken or swapped with their neighbour: the
    /// "optimal string alignment" distance.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, typed) in left.enumerated() {
            var current = [row + 1]
            for (column, meant) in right.enumerated() {
                let mistaken = last[column] + (typed == meant ? 0 : 1)
                var best = min(mistaken, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, typed == right[column - 1], left[row - 1] == meant {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
