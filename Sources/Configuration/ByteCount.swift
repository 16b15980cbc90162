/// A number of bytes as text: digits, and one of K, M, G, T for powers of 1024.
struct ByteCount: Hashable, CustomStringConvertible {
    let bytes: Int

    init(_ bytes: Int) {
        self.bytes = bytes
    }

    /// Reads a number of bytes, or is `nil` for anything else, and for more than can be counted.
    init?(_ text: String) {
        let unit = text.last.flatMap { Self.units.firstIndex(of: $0) }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(digits)
        else { return nil }
        let (product, isTooLarge) = number.multipliedReportingOverflow(
            by: 1 << (10 * ((unit ?? -1) + 1))
        )
        guard !isTooLarge else { return nil }
        bytes = product
    }

    /// In the largest unit that needs no fraction.
    var description: String {
        var (number, unit) = (bytes, 0)
        while number > 0, number % 1024 == 0, unit < Self.units.count {
            number /= 1024
            unit += 1
        }
        return unit == 0 ? "\(number)" : "\(number)\(Self.units[unit - 1])"
    }

    private static let units: [Character] = ["K", "M", "G", "T"]
}
