/// Decides how many keys to ask for at once.
///
/// A page is held in memory whole, by the server and by us, so it is measured in bytes. The first one is small,
/// because nobody knows yet how long the values are.
struct PageSizes: Sendable {
    /// How long a page is to be, about, in bytes.
    private static let goal = 4 << 20
    private static let first = 32

    private let most: Int
    private var longest = 0

    /// - Parameter most: The most keys for a page, at least 1.
    init(most: Int) {
        self.most = most
    }

    /// A page came.
    mutating func received(_ page: [KeyValue]) {
        for keyValue in page {
            longest = max(longest, keyValue.key.array.count + keyValue.value.array.count)
        }
    }

    /// How many keys the next page is to have.
    var next: Int {
        guard longest > 0 else { return min(most, Self.first) }
        return max(1, min(most, Self.goal / longest))
    }
}
