import EtcdAPI

/// One step of a transaction.
public struct Operation: Sendable {
    let message: Etcdserverpb_RequestOp

    /// Writes a key. See ``EtcdClient/put(_:_:lease:returningPrevious:)``.
    public static func put(
        _ key: Bytes,
        _ value: Bytes,
        lease: EtcdLeaseID = .none,
        returningPrevious: Bool = false
    ) -> Operation {
        var put = Etcdserverpb_PutRequest()
        put.key = key.data
        put.value = value.data
        put.lease = lease.rawValue
        put.prevKv = returningPrevious
        return Operation(.requestPut(put))
    }

    /// Reads one key.
    public static func get(_ key: Bytes) -> Operation { get(.key(key)) }

    /// Reads the keys that begin with a prefix.
    public static func get(prefix: Bytes, limit: Int? = nil) -> Operation {
        get(.prefix(prefix), limit: limit)
    }

    /// Deletes one key.
    public static func delete(_ key: Bytes, returningPrevious: Bool = false) -> Operation {
        delete(.key(key), returningPrevious: returningPrevious)
    }

    /// Deletes the keys that begin with a prefix.
    public static func delete(prefix: Bytes, returningPrevious: Bool = false) -> Operation {
        delete(.prefix(prefix), returningPrevious: returningPrevious)
    }

    /// A transaction within the transaction.
    public static func transaction(
        if comparisons: [Comparison],
        then: [Operation],
        otherwise: [Operation] = []
    ) -> Operation {
        var txn = Etcdserverpb_TxnRequest()
        txn.compare = comparisons.map(\.message)
        txn.success = then.map(\.message)
        txn.failure = otherwise.map(\.message)
        return Operation(.requestTxn(txn))
    }

    static func get(
        _ range: KeyRange,
        limit: Int? = nil,
        revision: EtcdRevision? = nil,
        countOnly: Bool = false,
        keysChangedAfter changed: EtcdRevision? = nil
    ) -> Operation {
        var get = Etcdserverpb_RangeRequest()
        get.key = range.key.data
        get.rangeEnd = range.end.data
        get.limit = Int64(limit ?? 0)
        get.revision = revision?.rawValue ?? 0
        get.countOnly = countOnly
        if let changed {
            get.minModRevision = changed.next.rawValue
            get.keysOnly = true
        }
        return Operation(.requestRange(get))
    }

    static func delete(_ range: KeyRange, returningPrevious: Bool) -> Operation {
        var delete = Etcdserverpb_DeleteRangeRequest()
        delete.key = range.key.data
        delete.rangeEnd = range.end.data
        delete.prevKv = returningPrevious
        return Operation(.requestDeleteRange(delete))
    }

    var put: Etcdserverpb_PutRequest { message.requestPut }
    var range: Etcdserverpb_RangeRequest { message.requestRange }
    var deleteRange: Etcdserverpb_DeleteRangeRequest { message.requestDeleteRange }
    var txn: Etcdserverpb_TxnRequest { message.requestTxn }

    private init(_ request: Etcdserverpb_RequestOp.OneOf_Request) {
        var message = Etcdserverpb_RequestOp()
        message.request = request
        self.message = message
    }
}
