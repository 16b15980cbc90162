import EtcdAPI

/// The answer to a transaction.
public struct TransactionResponse: Sendable {
    /// The answer to one operation.
    public enum Answer: Sendable {
        /// To a get.
        case get(GetResponse)
        /// To a put.
        case put(PutResponse)
        /// To a deletion.
        case delete(DeleteResponse)
        /// To a transaction within the transaction.
        indirect case transaction(TransactionResponse)
    }

    /// Where the cluster stands; its revision is the transaction's, if it changed anything.
    public let header: ResponseHeader
    /// Whether every comparison held, and so which operations were done.
    public let succeeded: Bool
    /// The answers, in the order of the operations.
    public let answers: [Answer]

    init(_ message: Etcdserverpb_TxnResponse) {
        header = ResponseHeader(message.header)
        succeeded = message.succeeded
        answers = message.responses.compactMap { response in
            switch response.response {
            case .responseRange(let get): .get(GetResponse(get))
            case .responsePut(let put): .put(PutResponse(put))
            case .responseDeleteRange(let delete): .delete(DeleteResponse(delete))
            case .responseTxn(let txn): .transaction(TransactionResponse(txn))
            // etcd answers each operation with its kind.
            case nil: nil
            }
        }
    }
}
