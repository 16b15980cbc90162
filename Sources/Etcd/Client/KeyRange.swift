/// Selects the keys of a call: one, all with a prefix, or all from one key up to another.
///
/// etcd knows only ranges; see "range_end" in its API.
package struct KeyRange: Hashable, Sendable {
    let key: Bytes
    /// The first key behind the range; empty for one key alone, a zero byte for "to the last key".
    let end: Bytes

    package static func key(_ key: Bytes) -> KeyRange { KeyRange(key: key, end: Bytes([])) }

    /// All keys that begin with `prefix`; all keys when it is empty.
    package static func prefix(_ prefix: Bytes) -> KeyRange {
        guard !prefix.array.isEmpty else { return KeyRange(key: Bytes([0]), end: Bytes([0])) }
        return KeyRange(key: prefix, end: successor(ofPrefix: prefix))
    }

    /// The first key that does not begin with `prefix`: its last byte that can grow, grown.
    private static func successor(ofPrefix prefix: Bytes) -> Bytes {
        guard let last = prefix.array.lastIndex(where: { $0 < 0xff }) else { return Bytes([0]) }
        var end = Array(prefix.array[...last])
        end[last] += 1
        return Bytes(end)
    }
}
