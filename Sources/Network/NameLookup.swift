package import Files
import Glibc
import Synchronization
package import Texts

/// Finds the addresses of names, each on a thread of its own.
///
/// `getaddrinfo` waits for name servers and cannot be ended. NIO's own resolver has one queue for each
/// event loop, so there one dead name server would delay the checks of other names. Who asks for a
/// name that is being looked up already joins that lookup: never more threads than names, and none when
/// nobody asks.
package final class NameLookup: Sendable {
    /// Why there are no addresses.
    package enum Failure: Error, Hashable {
        /// In the words of getaddrinfo(3), or why it was not asked.
        case unknown(String)
        /// The task was cancelled.
        case cancelled
    }

    private typealias Outcome = Result<[HostAddress], Failure>
    private typealias Waiter = CheckedContinuation<Outcome, Never>

    private struct State {
        /// The waiting tasks, by name.
        var waiters: [String: [Int: Waiter]] = [:]
        var last = 0
        var cancelled: Set<Int> = []
    }

    private let threads: BlockingThreads
    private let state = Mutex(State())

    package init(threads: BlockingThreads = BlockingThreads()) {
        self.threads = threads
    }

    /// The addresses of `name` in the system's order, at least one.
    ///
    /// - Throws: ``Failure``; on cancellation the lookup goes on for those who come next.
    package func addresses(of name: String) async throws(Failure) -> [HostAddress] {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in join(name, id, waiter) }
        } onCancel: {
            leave(name, id)
        }
        // A cancellation that came too late left a note that nobody needs.
        _ = state.withLock { $0.cancelled.remove(id) }
        return try outcome.get()
    }

    private func join(_ name: String, _ id: Int, _ waiter: Waiter) {
        let isUnderWay: Bool? = state.withLock { state in
            if state.cancelled.contains(id) { return nil }
            defer { state.waiters[name, default: [:]][id] = waiter }
            return state.waiters[name] != nil
        }
        switch isUnderWay {
        case true?: break
        case false?: begin(name)
        case nil: waiter.resume(returning: .failure(.cancelled))
        }
    }

    private func leave(_ name: String, _ id: Int) {
        let waiter = state.withLock { state in
            let waiter = state.waiters[name]?.removeValue(forKey: id)
            if waiter == nil { state.cancelled.insert(id) }
            return waiter
        }
        waiter?.resume(returning: .failure(.cancelled))
    }

    private func begin(_ name: String) {
        let isBegun = threads.thread("dns", part: name, linger: .zero).add { [self] in
            ended(name, Self.resolve(name))
        }
        guard !isBegun else { return }
        ended(
            name,
            .failure(
                .unknown("the system has no thread for it; see TasksMax= of the daemon's unit")
            )
        )
    }

    private func ended(_ name: String, _ outcome: Outcome) {
        let waiters = state.withLock { $0.waiters.removeValue(forKey: name) ?? [:] }
        for waiter in waiters.values { waiter.resume(returning: outcome) }
    }

    /// See getaddrinfo(3).
    private static func resolve(_ name: String) -> Outcome {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        var found: [HostAddress] = []
        var entry = list
        while let item = entry?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                item.ai_addr,
                item.ai_addrlen,
                &text,
                socklen_t(text.count),
                nil,
                0,
                NI_NUMERICHOST
            ) == 0 {
                let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                if let address = HostAddress(String(decoding: bytes, as: UTF8.self)),
                    !found.contains(address)
                {
                    found.append(address)
                }
            }
            entry = item.ai_next
        }
        guard status == 0, !found.isEmpty else {
            return .failure(
                .unknown(status == 0 ? "no address" : String(cString: gai_strerror(status)))
            )
        }
        return .success(found)
    }
}
