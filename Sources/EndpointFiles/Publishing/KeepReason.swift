/// The reason why a file is not updated although the list has changed.
public enum KeepReason: Hashable, Sendable, CustomStringConvertible {
    /// There are no endpoints, and an empty list is not to be written.
    case empty
    /// Fewer endpoints are left than there must be; written all the same after the hold time.
    case tooFew(Int, minEndpoints: Int)

    /// There is no list of this run yet, and the file of an earlier run is at least as good as any other
    /// list.
    case fromEarlierRun

    /// The end of a sentence that starts with the file.
    public var description: String {
        switch self {
        case .empty: "no endpoints are left, and on_empty is \"keep\""
        case .tooFew(let count, let minEndpoints):
            "\(count) endpoint\(count == 1 ? " is" : "s are") left, and min_endpoints is \(minEndpoints)"
        case .fromEarlierRun: "it is from an earlier run, and etcd is unavailable"
        }
    }
}
