public import Registry

// Our own keys: claimed, rewritten and taken out, with what stands beside them.
extension EtcdRegistryStore {
    /// One transaction. A missing key and one without a lease both compare as lease zero, so: if the
    /// lease is zero, put; else if all stands as it is wanted, leave it; else if the key is ours, put;
    /// else see what is there.
    public func claim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome {
        let key = Bytes(claim.key)
        let puts = Self.puts(of: claim)
        let answer: TransactionResponse
        do throws(EtcdError) {
            try await client.turn()
            answer = try await client.transaction(
                if: [.lease(of: key, .equal, .none)],
                then: puts,
                otherwise: [
                    .transaction(
                        if: Self.stands(claim),
                        then: [.get(key)],
                        otherwise: [
                            .transaction(
                                if: [.lease(of: key, .equal, claim.lease)],
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
            throw StoreError(error)
        }
        return try Self.outcome(of: claim, answer)
    }

    private static func outcome(
        of claim: Claim,
        _ answer: TransactionResponse
    ) throws(StoreError) -> ClaimOutcome {
        if answer.succeeded { return .claimed(at: answer.header.revision) }
        guard case .transaction(let second) = answer.answers.first else { throw unexpected }
        if second.succeeded, case .get(let found) = second.answers.first,
            let ours = found.keyValues.first
        {
            return .claimed(at: ours.modRevision)
        }
        guard case .transaction(let third) = second.answers.first else { throw unexpected }
        if third.succeeded { return .claimed(at: answer.header.revision) }
        guard case .get(let found) = third.answers.first, let holding = found.keyValues.first else {
            throw unexpected
        }
        // A record that cannot be read has a holder all the same, without a name.
        let record = try? RecordCodec.decode(holding.value.array, key: claim.instance)
        let holder = Holder(
            owner: record?.owner,
            lease: holding.lease,
            address: record.map { $0.instance.address.joined(port: $0.instance.port) }
        )
        return holder.owner == claim.owner ? .heldByOurHost(holder) : .heldByAnotherHost(holder)
    }

    /// As ``RegistryStore/rewrite(_:)`` says.
    public func rewrite(_ claim: Claim) async throws(StoreError) {
        let key = Bytes(claim.key)
        do throws(EtcdError) {
            try await client.transaction(
                if: [.lease(of: key, .equal, claim.lease), .exists(key)],
                then: [.put(key, Bytes(claim.value), lease: claim.lease)]
            )
        } catch  where error.code == .leaseNotFound {
            return
        } catch {
            throw StoreError(error)
        }
    }

    /// As ``RegistryStore/withdraw(_:)`` says.
    public func withdraw(_ claim: Claim) async throws(StoreError) {
        let keys = [claim.key] + claim.beside.map(\.key)
        do throws(EtcdError) {
            try await client.transaction(
                if: [],
                then: keys.map { Self.deletion(of: $0, under: claim.lease) }
            )
        } catch {
            throw StoreError(error)
        }
    }

    /// The key and what stands beside it, as they are wanted.
    private static func puts(of claim: Claim) -> [Operation] {
        [.put(Bytes(claim.key), Bytes(claim.value), lease: claim.lease)]
            + claim.beside.map { side in
                if let value = side.value {
                    .put(Bytes(side.key), Bytes(value), lease: claim.lease)
                } else {
                    deletion(of: side.key, under: claim.lease)
                }
            }
    }

    /// True when nothing of it need be put.
    private static func stands(_ claim: Claim) -> [Comparison] {
        let wanted = [SideRecord(key: claim.key, value: claim.value)] + claim.beside
        return wanted.flatMap { record -> [Comparison] in
            let key = Bytes(record.key)
            guard let value = record.value else {
                return [.lease(of: key, .notEqual, claim.lease)]
            }
            return [
                .lease(of: key, .equal, claim.lease), .value(of: key, .equal, Bytes(value)),
            ]
        }
    }

    private static func deletion(of key: String, under lease: LeaseID) -> Operation {
        let key = Bytes(key)
        return .transaction(
            if: [.lease(of: key, .equal, lease), .exists(key)],
            then: [.delete(key)]
        )
    }

    private static let unexpected = StoreError(
        .other,
        "etcd answered a claim with something else; is a proxy in between?"
    )
}
