import Etcd
public import Registry
import Texts

// Our own keys: claimed, rewritten and taken out, with their companion records.
extension EtcdRegistryStore {
    /// One transaction. A missing key and one without a lease both compare as lease zero, so: if the
    /// lease is zero, put; else if it stands as it is wanted, leave it; else if the key is ours, put;
    /// else see what is there. Its companion records are put by the same rule, each for itself, and never
    /// over what another lease holds: two hosts whose ids make one name would overwrite each other for ever.
    public func claim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome {
        try await measured(.claim) { () async throws(StoreError) -> ClaimOutcome in
            try await attempt(claim)
        }
    }

    private func attempt(_ claim: Claim) async throws(StoreError) -> ClaimOutcome {
        let key = Bytes(claim.key)
        let lease = EtcdLeaseID(claim.lease)
        let puts = Self.puts(of: claim)
        let answer: TransactionResponse
        do throws(EtcdError) {
            try await client.waitForTurn()
            answer = try await client.transaction(
                if: [.lease(of: key, .equal, .none)],
                then: puts,
                otherwise: [
                    .transaction(
                        if: [
                            .lease(of: key, .equal, lease),
                            .value(of: key, .equal, Bytes(claim.value)),
                        ],
                        then: [.get(key)] + Self.putsCompanions(claim),
                        otherwise: [
                            .transaction(
                                if: [.lease(of: key, .equal, lease)],
                                then: puts,
                                otherwise: [.get(key)]
                            )
                        ]
                    )
                ]
            )
        } catch  where error.code == .leaseNotFound {
            return .leaseGone
        } catch {
            throw failure(error, of: .write(claim.keys))
        }
        return try Self.outcome(of: claim, answer)
    }

    private static func outcome(
        of claim: Claim,
        _ answer: TransactionResponse
    ) throws(StoreError) -> ClaimOutcome {
        let revision = Revision(answer.header.revision)
        if answer.succeeded {
            return .claimed(at: revision, companionsHeld: companionsHeld(by: claim, answer.answers))
        }
        guard case .transaction(let second) = answer.answers.first else { throw unexpected }
        if second.succeeded, case .get(let found) = second.answers.first,
            let ours = found.keyValues.first
        {
            return .claimed(
                at: Revision(ours.modRevision),
                companionsHeld: companionsHeld(by: claim, second.answers)
            )
        }
        guard case .transaction(let third) = second.answers.first else { throw unexpected }
        if third.succeeded {
            return .claimed(at: revision, companionsHeld: companionsHeld(by: claim, third.answers))
        }
        guard case .get(let found) = third.answers.first, let holding = found.keyValues.first else {
            throw unexpected
        }
        // A record that cannot be read has a holder all the same, without a name.
        let record = try? RecordCodec.decode(holding.value.array, key: claim.instance)
        let holder = Holder(
            owner: record?.owner,
            name: RecordCodec.host(in: holding.value.array),
            lease: LeaseID(holding.lease),
            address: record.map { $0.instance.address.joined(port: $0.instance.port) }
        )
        return holder.owner == claim.owner ? .heldByOurHost(holder) : .heldByAnotherHost(holder)
    }

    /// As ``RegistryStore/rewrite(_:)`` says.
    public func rewrite(_ claim: Claim) async throws(StoreError) {
        let (key, lease) = (Bytes(claim.key), EtcdLeaseID(claim.lease))
        try await request(.rewrite, .write(claim.keys)) { () async throws(EtcdError) -> Void in
            do throws(EtcdError) {
                try await client.transaction(
                    if: [.lease(of: key, .equal, lease), .exists(key)],
                    then: [.put(key, Bytes(claim.value), lease: lease)]
                )
            } catch  where error.code == .leaseNotFound {
                return
            }
        }
    }

    /// As ``RegistryStore/withdraw(_:)`` says.
    public func withdraw(_ claim: Claim) async throws(StoreError) {
        try await request(.withdraw, .write(claim.keys)) { () async throws(EtcdError) -> Void in
            try await client.transaction(
                if: [],
                then: claim.keys.map { Self.deletion(of: $0, under: claim.lease) }
            )
        }
    }

    /// The key and its companion records, as they are wanted.
    private static func puts(of claim: Claim) -> [Operation] {
        [.put(Bytes(claim.key), Bytes(claim.value), lease: EtcdLeaseID(claim.lease))]
            + putsCompanions(claim)
    }

    /// One operation for each companion record, in their order.
    private static func putsCompanions(_ claim: Claim) -> [Operation] {
        let lease = EtcdLeaseID(claim.lease)
        return claim.companions.map { side in
            guard let value = side.value.map({ Bytes($0) }) else {
                return deletion(of: side.key, under: claim.lease)
            }
            let key = Bytes(side.key)
            let put = Operation.put(key, value, lease: lease)
            return .transaction(
                if: [.lease(of: key, .equal, .none)],
                then: [put],
                otherwise: [
                    .transaction(
                        if: [
                            .lease(of: key, .equal, lease), .value(of: key, .notEqual, value),
                        ],
                        then: [put],
                        otherwise: [.get(key)]
                    )
                ]
            )
        }
    }

    /// The keys of those that another lease holds.
    ///
    /// - Parameter answers: Those to the claim's own operation and then to ``putsCompanions(_:)``.
    private static func companionsHeld(by claim: Claim, _ answers: [TransactionResponse.Answer])
        -> [String]
    {
        zip(claim.companions, answers.dropFirst()).compactMap { side, answer in
            guard side.value != nil, case .transaction(let free) = answer, !free.succeeded,
                case .transaction(let ours) = free.answers.first, !ours.succeeded,
                case .get(let found) = ours.answers.first, let holding = found.keyValues.first,
                holding.lease != EtcdLeaseID(claim.lease)
            else { return nil }
            return side.key
        }
    }

    private static func deletion(of key: String, under lease: LeaseID) -> Operation {
        let key = Bytes(key)
        return .transaction(
            if: [.lease(of: key, .equal, EtcdLeaseID(lease)), .exists(key)],
            then: [.delete(key)]
        )
    }

    private static let unexpected = StoreError(
        .other,
        "unexpected answer from etcd to a transaction; is there a proxy in between?"
    )
}
